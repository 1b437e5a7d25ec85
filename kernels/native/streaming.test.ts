/**
 * Outputs too large for the caches are written by other instructions (rows.h, Sink): a large call must give the bits
 * of the same work done in parts that are not.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../device/registry.ts';
import type { Op, Shape } from '../ops/op.ts';
import { sizeOf } from '../ops/op.ts';
import { loadOp } from '../ops/registry.ts';
import { Stream } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';

const parts = 2;
const length = 1536;
const width = 2048; // 12 MiB a part, 24 MiB the whole: on either side of 16 MiB

/** An op whose first axis can be cut: shapes of one part, the axis being 1; `null` shapes are shared by all parts. */
interface Split {
  op: string;
  attrs: Record<string, unknown>;
  cut: Shape[];
  shared?: Shape[];
  /** Attributes of part k, when they differ. */
  attrsOf?: (k: number) => Record<string, unknown>;
}

const key = [1, 2];
const big = [1, length, width];
const splits: Split[] = [
  { op: 'unary', attrs: { fn: 'silu' }, cut: [big] },
  { op: 'binary', attrs: { fn: 'div' }, cut: [big, big] },
  { op: 'binary', attrs: { fn: 'mul' }, cut: [big], shared: [[width]] },
  { op: 'glu', attrs: { axis: 2 }, cut: [[1, length, 2 * width]] },
  { op: 'permute', attrs: { axes: [0, 2, 1] }, cut: [big] },
  { op: 'permute', attrs: { axes: [0, 2, 1, 3] }, cut: [[1, length, 32, 64]] },
  { op: 'layer-norm', attrs: { eps: 1e-5 }, cut: [big], shared: [[width], [width]] },
  { op: 'softmax', attrs: {}, cut: [big] },
  { op: 'scalar-norm', attrs: { axis: 1 }, cut: [big], shared: [[1], [1]] },
  { op: 'slice', attrs: { axis: 2, start: 16, length: width, step: 1 }, cut: [[1, length, width + 32]] },
  {
    op: 'concat',
    attrs: { axis: 2, sizes: [width / 2, width / 2] },
    cut: [
      [1, length, width / 2],
      [1, length, width / 2],
    ],
  },
  { op: 'reduce', attrs: { fn: 'mean', axes: [2] }, cut: [big] },
  {
    op: 'dropout',
    attrs: { p: 0.3, tied: [], key, start: 7 },
    attrsOf: (k) => ({ p: 0.3, tied: [], key, start: 7 + (k * length * width) / 4 }),
    cut: [big],
  },
];

const device = await openDevice('cpu');
const stream = new Stream(1, 'streaming');
const pattern = stream.normals(9973).map((x) => x + Math.sign(x) * 0.5);

/** Forward and backward; the outputs and gradients of everything that is cut. */
async function run(op: Op, attrs: object, shapes: Shape[], data: Float32Array[], upstream: Float32Array, cut: number) {
  const own: Tensor[] = [];
  const keep = (t: Tensor) => {
    own.push(t);
    return t;
  };
  const pad = <T>(list: T[]) => op.inputs.map((_, i) => list[i] ?? null);
  const inputs = pad(data.map((d, i) => keep(Tensor.from(device, d, shapes[i]))));
  const a = attrs as Record<string, unknown>;
  const [shape] = op.infer(pad(shapes), a);
  const y = keep(Tensor.create(device, shape));
  device.run(op, 'forward', { inputs, outputs: [y], gradOutputs: [], gradInputs: [] }, a);
  const saves = op.saves(a);
  const gradInputs = pad(shapes.slice(0, cut).map((s) => keep(Tensor.create(device, s))));
  device.run(
    op,
    'backward',
    {
      inputs: inputs.map((t, i) => (saves.inputs.includes(i) ? t : null)),
      outputs: [saves.outputs.length ? y : null],
      gradOutputs: [keep(Tensor.from(device, upstream.subarray(0, y.size), shape))],
      gradInputs,
    },
    a,
  );
  const result = await Promise.all([y, ...gradInputs.slice(0, cut)].map((t) => (t as Tensor).read()));
  for (const t of own) t.dispose();
  return result.map((x) => Buffer.from(x.buffer));
}

for (const { op: id, attrs, cut, shared = [], attrsOf } of splits)
  test(`${id} ${JSON.stringify(attrs)} writes large outputs as it writes small ones`, async () => {
    const op = await loadOp(id);
    const fill = (n: number, from: number) => Float32Array.from({ length: n }, (_, i) => pattern[(from + i) % 9973]);
    const whole = cut.map((s, i) => fill(parts * sizeOf(s), 17 * i));
    const common = shared.map((s, i) => fill(sizeOf(s), 31 * i));
    const upstream = fill(parts * length * width, 5);
    const shapes = [...cut.map((s) => [parts, ...s.slice(1)]), ...shared];
    const got = await run(op, attrs, shapes, [...whole, ...common], upstream, cut.length);
    const outputs = op.infer(
      [...cut, ...shared, ...op.inputs.slice(cut.length + shared.length).map(() => null)],
      attrs,
    );
    for (let k = 0; k < parts; k++) {
      const piece = (x: Float32Array) => x.subarray((k * x.length) / parts, ((k + 1) * x.length) / parts);
      const out = sizeOf(outputs[0]);
      const want = await run(
        op,
        attrsOf?.(k) ?? attrs,
        [...cut, ...shared],
        [...whole.map(piece), ...common],
        upstream.subarray(k * out),
        cut.length,
      );
      for (const [i, x] of want.entries())
        assert.ok(got[i].subarray(k * x.length, (k + 1) * x.length).equals(x), `tensor ${i}, part ${k} differs`);
    }
  });
