/**
 * Every `step`-th of the indices from `start` on along one axis: y[..., i, ...] = x[..., start + i step, ...],
 * i < length. Backward: the gradient in those places, zeros elsewhere.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { resolveAxis } from '../axes.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type SliceAttrs = { axis: number; start: number; length: number; step: number };

const cases: OpCase<SliceAttrs>[] = (
  [
    [[1], 0, 0, 1, 1],
    [[7], 0, 2, 4, 1],
    [[3, 5, 67], 2, 64, 3, 1],
    [[3, 5, 67], 2, 1, 22, 3],
    [[3, 5, 67], 1, 4, 1, 1],
    [[3, 5, 67], 1, 0, 3, 2],
    [[5, 33], 0, 1, 2, 2],
    [[2, 4096], 1, 0, 2048, 2],
  ] as [Shape, number, number, number, number][]
).map(([x, axis, start, length, step]) => ({
  name: `${x.join('x')} axis ${axis} from ${start}, ${length} by ${step}`,
  shapes: [x],
  attrs: { axis, start, length, step },
}));

const sliceOp = defineOp<SliceAttrs>({
  id: 'slice',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  infer([x], { axis, start, length, step }) {
    const shape = x as Shape;
    const n = shape[resolveAxis(axis, shape.length, 'slice')];
    requireShape(
      [start, length, step].every(Number.isInteger) && step >= 1 && length >= 1 && start >= 0,
      'slice',
      `start ${start}, length ${length} and step ${step} must be whole numbers, length and step at least 1`,
    );
    requireShape(
      start + (length - 1) * step < n,
      'slice',
      `${length} indices from ${start} by ${step} do not fit axis ${axis} of ${showShape(shape)}`,
    );
    return [shape.map((d, i) => (i === axis ? length : d))];
  },
  saves: () => ({ inputs: [], outputs: [] }),
  /** axis, start, step */
  pack: ({ axis, start, step }) => [axis, start, step],
  cost([x], { axis, length }) {
    const shape = x as Shape;
    const n = (sizeOf(shape) / shape[axis]) * length;
    return { forward: { flops: 0, bytes: 8 * n }, backward: { flops: 0, bytes: 4 * n + 4 * sizeOf(shape) } };
  },
  cases,
  tolerance: 0,
});
export default sliceOp;

export const slice = (
  t: Tape,
  x: Tensor,
  { axis, start, length, step = 1 }: { axis: number; start: number; length: number; step?: number },
): Tensor => t.apply(sliceOp, [x], { axis: resolveAxis(axis, x.shape.length, 'slice'), start, length, step })[0];
