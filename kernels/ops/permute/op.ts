/**
 * Axes in another order, as a copy: y[i_0, ..., i_{r-1}] = x with i_d along its axis axes[d] (numpy's transpose).
 * (B,L,H) <-> (B,H,L) is `permute(t, x, [0, 2, 1])`. Rank up to 6. Backward: the inverse order.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type PermuteAttrs = { axes: readonly number[] };

const cases: OpCase<PermuteAttrs>[] = (
  [
    [[1], [0]],
    [
      [5, 7],
      [1, 0],
    ],
    [
      [33, 65],
      [1, 0],
    ],
    [
      [2, 128, 48],
      [0, 2, 1],
    ],
    [
      [3, 37, 101],
      [0, 2, 1],
    ],
    [
      [3, 37, 101],
      [2, 0, 1],
    ],
    [
      [3, 37, 101],
      [1, 0, 2],
    ],
    [
      [3, 37, 101],
      [2, 1, 0],
    ],
    [
      [3, 37, 101],
      [0, 1, 2],
    ],
    [
      [2, 19, 4, 8],
      [0, 2, 1, 3],
    ],
    [
      [2, 19, 4, 8],
      [0, 2, 3, 1],
    ],
    [
      [2, 1, 3, 1, 5, 2],
      [5, 4, 3, 2, 1, 0],
    ],
    [
      [2, 3, 4, 3, 5, 2],
      [1, 0, 5, 4, 3, 2],
    ],
    [
      [1, 600, 3],
      [0, 2, 1],
    ],
    [
      [1, 3, 600],
      [0, 2, 1],
    ],
  ] as [Shape, number[]][]
).map(([shape, axes]) => ({ name: `${shape.join('x')} by ${axes.join('')}`, shapes: [shape], attrs: { axes } }));

const permuteOp = defineOp<PermuteAttrs>({
  id: 'permute',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  infer([x], { axes }) {
    const shape = x as Shape;
    requireShape(
      axes.length === shape.length && [...axes].sort((a, b) => a - b).every((a, d) => a === d),
      'permute',
      `axes (${axes.join(', ')}) are not an order of the axes of ${showShape(shape)}`,
    );
    requireShape(shape.length <= 6, 'permute', `rank ${shape.length} is more than 6`);
    return [axes.map((a) => shape[a])];
  },
  saves: () => ({ inputs: [], outputs: [] }),
  /** the axes */
  pack: ({ axes }) => [...axes],
  cost([x]) {
    const n = sizeOf(x as Shape);
    return { forward: { flops: 0, bytes: 8 * n }, backward: { flops: 0, bytes: 8 * n } };
  },
  cases,
  tolerance: 0,
});
export default permuteOp;

export const permute = (t: Tape, x: Tensor, axes: readonly number[]): Tensor => t.apply(permuteOp, [x], { axes })[0];
