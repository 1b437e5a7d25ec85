/**
 * Softmax over the last axis: y = exp(x - max x) / sum exp(x - max x). Backward: dx = y (g - sum g y).
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, sizeOf } from '../op.ts';

const cases: OpCase[] = (
  [
    [[1, 1], 1],
    [[5, 2], 1],
    [[4, 11], 1],
    [[2, 6], 400],
    [[3, 5, 64], 3],
    [[67], 10],
    [[3, 5003], 1],
  ] as [Shape, number][]
).map(([x, scale]) => ({
  name: `${x.join('x')} scale ${scale}`,
  shapes: [x],
  attrs: {},
  fills: [{ kind: 'normal', scale }],
  // Nearly one-hot rows: dx is what float32 rounding of y leaves of 1 - y.
  tolerance: scale >= 10 ? 2e-5 : undefined,
}));

const softmaxOp = defineOp({
  id: 'softmax',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  infer([x]) {
    requireShape((x as Shape).length >= 1, 'softmax', 'x needs at least one axis');
    return [x as Shape];
  },
  saves: () => ({ inputs: [], outputs: [0] }),
  pack: () => [],
  cost([x]) {
    const n = sizeOf(x as Shape);
    return { forward: { flops: 17 * n, bytes: 8 * n }, backward: { flops: 4 * n, bytes: 12 * n } };
  },
  cases,
  tolerance: 2e-6,
});
export default softmaxOp;

export const softmax = (t: Tape, x: Tensor): Tensor => t.apply(softmaxOp, [x], {})[0];
