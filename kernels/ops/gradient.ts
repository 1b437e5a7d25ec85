/**
 * The reference held to itself: each op's float64 backward against central differences of its forward, along a random
 * direction of one input at a time.
 *
 *   <dL/dx_i, v>  =  (4 D(h/2) - D(h)) / 3,  D(h) = (L(x_i + h v) - L(x_i - h v)) / 2h,  L = sum over outputs of <g, y>
 *
 * Error: the difference over |dL/dx_i| |v|, so that a direction along which L happens not to change is no exception.
 */
import type { Device, HostArray } from '../device/device.ts';
import { Stream } from '../tensor/random.ts';
import { type CheckResult, caseData, runOp } from './check.ts';
import { type Attrs, type Op, type OpCase, sizeOf } from './op.ts';

/** Richardson's extrapolation errs by about h^4 |L'''''| and 1e-16 |L| / h. */
const step = 1e-4;
const tolerance = 1e-6;
/** Larger cases say nothing more about the formula, and the references are slow. */
const most = 3000;

/** Null: the op has no gradient, the case says that it is no derivative, or it is large. */
export async function checkGradient(op: Op, c: OpCase<Attrs>, reference: Device): Promise<CheckResult | null> {
  const elements = c.shapes.reduce((n, s) => n + (s ? sizeOf(s) : 0), 0);
  if (op.differentiable === false || c.notDerivative || elements > most) return null;
  const data = caseData(op, c);
  const run = (x: (Float64Array | null)[]) => runOp(reference, op, c, x, new Stream(2, c.name));
  const at = await run(data);
  const weights = new Stream(2, c.name);
  const g = at.outputs.map((y, i) =>
    (op.outputs[i].dtype ?? 'real') === 'real' ? weights.normals(y.length).map(Math.fround) : null,
  );
  const objective = (outputs: HostArray[]) =>
    outputs.reduce((sum, y, i) => sum + (op.outputs[i].auxiliary ? 0 : dot(g[i], y)), 0);
  let worst = ['', 0] as [string, number];
  for (const [i, gradient] of at.gradInputs.entries()) {
    const x = data[i];
    if (!gradient || !x) continue;
    const v = new Stream(3, `${c.name}/${i}`).normals(x.length);
    const moved = (h: number) => data.map((d, j) => (j === i ? x.map((value, k) => value + h * v[k]) : d));
    const slope = async (h: number) =>
      (objective((await run(moved(h))).outputs) - objective((await run(moved(-h))).outputs)) / (2 * h);
    const numeric = (4 * (await slope(step / 2)) - (await slope(step))) / 3;
    const scale = Math.sqrt(dot(gradient, gradient) * dot(v, v));
    const error = Math.abs(numeric - dot(gradient, v)) / Math.max(scale, 1e-3);
    if (!(error <= worst[1]))
      worst = [`grad_${op.inputs[i].name}`, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error];
  }
  const ok = worst[1] <= tolerance;
  return {
    op: op.id,
    case: c.name,
    device: reference.info.id,
    implementation: reference.implementation(op.id),
    error: worst[1],
    tolerance,
    worst: worst[0],
    status: ok ? 'pass' : 'fail',
    reason: ok ? '' : `${worst[0]} differs from central differences by ${worst[1].toExponential(2)}`,
  };
}

const dot = (a: ArrayLike<number> | null, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; a && i < b.length; i++) sum += a[i] * b[i];
  return sum;
};
