/**
 * Zeroes the padding of a ragged batch: y[b, l] = x[b, l] for l < lengths[b], else 0. x and y (B, L, H), lengths
 * i32 (B). The backward pass masks the gradient the same way. A length outside [0, L] is an error.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { requireRagged } from '../masked-mean/op.ts';
import { defineOp, type OpCase, type Shape, sizeOf } from '../op.ts';

const cases: OpCase[] = (
  [
    [[1, 1, 1], [1]],
    [
      [2, 1, 1],
      [0, 1],
    ],
    [
      [4, 9, 3],
      [9, 1, 4, 0],
    ],
    [
      [2, 301, 67],
      [300, 17],
    ],
  ] as [Shape, number[]][]
).map(([x, lengths]) => ({
  name: x.join('x'),
  shapes: [x, [lengths.length]],
  attrs: {},
  fills: [undefined, { kind: 'values', values: lengths }],
}));

const maskTimeOp = defineOp({
  id: 'mask-time',
  inputs: [{ name: 'x' }, { name: 'lengths', dtype: 'i32' }],
  outputs: [{ name: 'y' }],
  infer: ([x, lengths]) => [requireRagged('mask-time', x, lengths)],
  saves: () => ({ inputs: [1], outputs: [] }),
  pack: () => [],
  cost([x]) {
    const bytes = 8 * sizeOf(x as Shape);
    return { forward: { flops: 0, bytes }, backward: { flops: 0, bytes } };
  },
  cases,
  tolerance: 0,
});
export default maskTimeOp;

export const maskTime = (t: Tape, x: Tensor, lengths: Tensor): Tensor => t.apply(maskTimeOp, [x, lengths], {})[0];
