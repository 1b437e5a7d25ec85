/**
 * The generic test of an op on a device: values, gradients, determinism and causality for each of the op's
 * cases, against the float64 reference. Used by the tests and by `bench check`.
 *
 * Error measure: max|got - want| / max|want| per tensor (absolute where max|want| < 1e-14).
 */
import { type Device, type HostArray, type Operand, UnsupportedError } from '../device/device.ts';
import { Stream } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Attrs, Fill, Op, OpCase, Shape } from './op.ts';
import { sizeOf } from './op.ts';

export interface CheckResult {
  op: string;
  case: string;
  device: string;
  implementation: string;
  /** Largest error over all tensors, and the tensor that has it. */
  error: number;
  tolerance: number;
  worst: string;
  status: 'pass' | 'fail' | 'unsupported';
  reason: string;
}

/**
 * Scale-relative maximum error, max|got - want| / max|want|. Infinite where a value of either side is NaN or infinite,
 * and where the lengths differ.
 */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let scale = 0;
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    scale = Math.max(scale, Math.abs(want[i]));
    const d = Math.abs(got[i] - want[i]);
    if (!Number.isFinite(d)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, d);
  }
  return scale < 1e-14 ? worst : worst / scale;
}

function fillInput(fill: Fill | undefined, n: number, integer: boolean, stream: Stream): Float64Array {
  const f = fill ?? (integer ? { kind: 'integers' as const, below: 4 } : { kind: 'normal' as const });
  switch (f.kind) {
    case 'normal':
      return stream.normals(n, f.scale ?? 1).map((x) => Math.fround(x + (f.shift ?? 0)));
    case 'uniform':
      return stream.uniforms(n, f.low, f.high).map(Math.fround);
    case 'integers':
      return Float64Array.from({ length: n }, () => stream.integer(f.below));
    case 'values':
      return Float64Array.from({ length: n }, (_, i) => f.values[i % f.values.length]);
  }
}

export interface OpRun {
  outputs: HostArray[];
  gradInputs: (HostArray | null)[];
  /** Inputs after the call (for ops that update in place). */
  inputs: (HostArray | null)[];
}

/**
 * Runs one op forward and backward on a device, on given host data; upstream gradients from the stream. `only`: the one
 * input whose gradient is asked for; default all.
 */
export async function runOp(
  device: Device,
  op: Op,
  c: OpCase,
  data: (Float64Array | null)[],
  upstream: Stream,
  only?: number,
): Promise<OpRun> {
  const made: Tensor[] = [];
  const own = (t: Tensor) => {
    made.push(t);
    return t;
  };
  try {
    const inputs = data.map(
      (d, i) => d && own(Tensor.from(device, d, c.shapes[i] as Shape, op.inputs[i].dtype ?? 'real')),
    );
    const outputs = op
      .infer(c.shapes, c.attrs)
      .map((s, i) => own(Tensor.create(device, s, op.outputs[i].dtype ?? 'real')));
    device.run(op, 'forward', { inputs, outputs, gradOutputs: [], gradInputs: [] }, c.attrs);
    let grads: (Tensor | null)[] = [];
    if (op.differentiable !== false) {
      const saves = op.saves(c.attrs);
      const gradOutputs = outputs.map((t) =>
        t.dtype === 'real' ? own(Tensor.from(device, upstream.normals(t.size).map(Math.fround), t.shape)) : null,
      );
      grads = inputs.map((t, i) =>
        t && t.dtype === 'real' && op.inputs[i].differentiable !== false && i === (only ?? i)
          ? own(Tensor.create(device, t.shape))
          : null,
      );
      const passed = grads.map((_, i) => op.passesGradient?.(i, c.shapes, c.attrs) ?? null);
      const pick = (list: (Operand | null)[], keep: number[]) => list.map((t, i) => (keep.includes(i) ? t : null));
      const wanted = grads.map((g, i) => (passed[i] === null ? g : null));
      if (wanted.some((g) => g))
        device.run(
          op,
          'backward',
          {
            inputs: pick(inputs, saves.inputs),
            outputs: pick(outputs, saves.outputs),
            gradOutputs,
            gradInputs: wanted,
          },
          c.attrs,
        );
      passed.forEach((from, i) => {
        const g = grads[i];
        const up = from === null ? null : gradOutputs[from];
        if (g && up) device.copy(up.buffer, g.buffer);
      });
    }
    const read = async (t: Tensor | null) => t && (await t.read());
    return {
      outputs: (await Promise.all(outputs.map(read))) as HostArray[],
      gradInputs: await Promise.all(grads.map(read)),
      inputs: await Promise.all(inputs.map(read)),
    };
  } finally {
    for (const t of made) t.dispose();
  }
}

/** The inputs of a case: the same on every device. */
export function caseData(op: Op, c: OpCase): (Float64Array | null)[] {
  const stream = new Stream(1, `${op.id}/${c.name}`);
  return c.shapes.map((s, i) => s && fillInput(c.fills?.[i], sizeOf(s), op.inputs[i].dtype === 'i32', stream));
}

/** Runs one case on a device. */
export const runCase = (op: Op, c: OpCase, device: Device): Promise<OpRun> =>
  runOp(device, op, c, caseData(op, c), new Stream(2, c.name));

/** Whether two runs gave the same bits. */
export function sameBits(a: OpRun, b: OpRun): boolean {
  const all = ({ outputs, gradInputs, inputs }: OpRun) => [...outputs, ...gradInputs, ...inputs];
  const other = all(b);
  return all(a).every((x, i) => {
    const y = other[i];
    return x && y ? Buffer.from(x.buffer).equals(Buffer.from(y.buffer)) : x === y;
  });
}

/** Checks one case of one op on `device` against `reference`, or against what `runCase` gave on it. */
export async function checkOp(
  op: Op,
  c: OpCase<Attrs>,
  device: Device,
  reference: Device | OpRun,
): Promise<CheckResult> {
  const base = { op: op.id, case: c.name, device: device.info.id, implementation: device.implementation(op.id) };
  const tolerance = c.tolerance ?? op.tolerance;
  const verdict = (error: number, worst: string, reason = ''): CheckResult => ({
    ...base,
    error,
    tolerance,
    worst,
    status: error <= tolerance ? 'pass' : 'fail',
    reason: error <= tolerance ? '' : reason || `${worst} is off by ${error.toExponential(2)}`,
  });
  for (const pass of op.differentiable === false ? (['forward'] as const) : (['forward', 'backward'] as const)) {
    const ok = device.supports(op.id, pass);
    if (ok !== true) return { ...base, error: 0, tolerance, worst: '', status: 'unsupported', reason: ok };
  }
  const data = caseData(op, c);
  const run = (d: Device, x = data, only?: number) => runOp(d, op, c, x, new Stream(2, c.name), only);
  let got: OpRun;
  try {
    got = await run(device);
  } catch (e) {
    // A form, a size or an option that this device does not offer, though it has the op.
    if (!(e instanceof UnsupportedError)) throw e;
    return { ...base, error: 0, tolerance, worst: '', status: 'unsupported', reason: e.message };
  }
  const want = 'outputs' in reference ? reference : await run(reference);
  let worst = ['', 0] as [string, number];
  const compare = (name: string, a: HostArray | null, b: HostArray | null) => {
    if (!a || !b) return;
    const e = relativeError(a, b);
    if (e > worst[1]) worst = [name, e];
  };
  for (const [i, a] of got.outputs.entries())
    if (!op.outputs[i].opaque) compare(op.outputs[i].name, a, want.outputs[i]);
  for (const [i, a] of got.gradInputs.entries()) compare(`grad_${op.inputs[i].name}`, a, want.gradInputs[i]);
  for (const i of op.mutates ?? []) compare(op.inputs[i].name, got.inputs[i], want.inputs[i]);
  if (!(worst[1] <= tolerance)) return verdict(worst[1], worst[0]);
  const again = await run(device);
  if (!sameBits(got, again))
    return { ...verdict(worst[1], worst[0]), status: 'fail', reason: 'two equal calls gave different bits' };
  // Each gradient alone, as when the other operands do not need one.
  const several = got.gradInputs.filter((g) => g).length > 1;
  for (const [i, g] of got.gradInputs.entries())
    if (several && g) {
      const alone = (await run(device, data, i)).gradInputs[i];
      compare(`grad_${op.inputs[i].name}, asked for alone,`, alone, want.gradInputs[i]);
    }
  if (!(worst[1] <= tolerance)) return verdict(worst[1], worst[0]);
  if (c.causal) {
    const broken = await causalityBreach(op, c, data, got, device, run);
    if (broken) return { ...verdict(worst[1], worst[0]), status: 'fail', reason: broken };
  }
  return verdict(worst[1], worst[0]);
}

/** Changes input 0 in the second half of time: earlier outputs must not move (beyond rounding). */
async function causalityBreach(
  op: Op,
  c: OpCase,
  data: (Float64Array | null)[],
  before: OpRun,
  device: Device,
  run: (d: Device, x: (Float64Array | null)[]) => Promise<OpRun>,
): Promise<string | null> {
  const [inAxis, outAxis] = c.causal as [number, number];
  const shape = c.shapes[0] as Shape;
  const cut = Math.ceil(shape[inAxis] / 2);
  const at = (s: Shape, axis: number, i: number) => Math.floor(i / sizeOf(s.slice(axis + 1))) % s[axis];
  const moved = (data[0] as Float64Array).map((x, i) => (at(shape, inAxis, i) >= cut ? Math.fround(x + 3) : x));
  const after = await run(device, [moved, ...data.slice(1)]);
  const out = op.infer(c.shapes, c.attrs)[0];
  let scale = 0;
  let leak = 0;
  before.outputs[0].forEach((x, i) => {
    scale = Math.max(scale, Math.abs(x), Math.abs(after.outputs[0][i]));
    if (at(out, outAxis, i) < cut) leak = Math.max(leak, Math.abs(x - after.outputs[0][i]));
  });
  return leak <= op.tolerance * scale
    ? null
    : `not causal: an earlier output moved by ${(leak / scale).toExponential(2)}`;
}
