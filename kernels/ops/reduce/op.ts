/**
 * Sum, mean or maximum over some axes, which disappear from the shape; over all of them the result is (1).
 * Backward: sum dx = g; mean dx = g / n; max dx = g shared equally among the elements that attain the maximum.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { resolveAxis } from '../axes.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export const functions = ['sum', 'mean', 'max'] as const;
export type ReduceFunction = (typeof functions)[number];
export type ReduceAttrs = { fn: ReduceFunction; axes: readonly number[] };

/** The shape with ones in place of the reduced axes. */
export const keptShape = (x: Shape, axes: readonly number[]): Shape => x.map((n, d) => (axes.includes(d) ? 1 : n));

const shapes: [Shape, number[]][] = [
  [[1], [0]],
  [[7], [0]],
  [[5003], [0]],
  [[3, 5, 67], [2]],
  [[3, 5, 67], [0]],
  [[3, 5, 67], [1]],
  [
    [3, 5, 67],
    [0, 2],
  ],
  [
    [3, 5, 67],
    [0, 1],
  ],
  [
    [3, 5, 67],
    [0, 1, 2],
  ],
  [
    [2, 3, 4, 5, 6],
    [1, 3],
  ],
  [
    [2, 3, 4, 5, 6],
    [0, 2, 4],
  ],
  [[601, 3], [0]],
  [[601, 3], [1]],
  [[2, 9000], [1]],
];
const cases: OpCase<ReduceAttrs>[] = functions.flatMap((fn) =>
  shapes.map(([x, axes]) => ({ name: `${fn} ${x.join('x')} over ${axes.join('')}`, shapes: [x], attrs: { fn, axes } })),
);
cases.push({
  name: 'max with ties',
  shapes: [[4, 9]],
  attrs: { fn: 'max', axes: [1] },
  fills: [{ kind: 'integers', below: 3 }],
  notDerivative: 'equal maxima share the gradient',
});

const reduce = defineOp<ReduceAttrs>({
  id: 'reduce',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  infer([x], { axes }) {
    const shape = x as Shape;
    requireShape(
      axes.length > 0 && new Set(axes).size === axes.length,
      'reduce',
      'axes must be distinct, at least one',
    );
    for (const a of axes) resolveAxis(a, shape.length, 'reduce');
    requireShape(sizeOf(shape) > 0, 'reduce', `${showShape(shape)} has no elements`);
    const kept = shape.filter((_, d) => !axes.includes(d));
    return [kept.length ? kept : [1]];
  },
  saves: ({ fn }) => (fn === 'max' ? { inputs: [0], outputs: [0] } : { inputs: [], outputs: [] }),
  /** function index, then the axes */
  pack: ({ fn, axes }) => [functions.indexOf(fn), ...axes],
  cost([x], { fn }) {
    const n = sizeOf(x as Shape);
    const max = fn === 'max';
    return { forward: { flops: n, bytes: 4 * n }, backward: { flops: max ? 2 * n : 0, bytes: (max ? 8 : 4) * n } };
  },
  cases,
  tolerance: 2e-6,
});
export default reduce;

const make =
  (fn: ReduceFunction) =>
  (t: Tape, x: Tensor, axes: readonly number[]): Tensor =>
    t.apply(reduce, [x], { fn, axes: axes.map((a) => resolveAxis(a, x.shape.length, 'reduce')) })[0];

/** Over `axes` (negative: from the end), which disappear from the shape. */
export const sum = make('sum');
export const mean = make('mean');
export const max = make('max');
