/**
 * y (1) = before + sum of x^2 over all elements; `before` (1) chains the calls of a list of tensors, so that the
 * squared norm of all gradients is one number on the device. dx = 2 g x, dbefore = g.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, sizeOf } from '../op.ts';

const cases: OpCase[] = (
  [
    [[1], false],
    [[7], true],
    [[3, 67], true],
    [[2, 3, 40009], false],
  ] as [Shape, boolean][]
).map(([x, before]) => ({
  name: `${x.join('x')}${before ? ' chained' : ''}`,
  shapes: [x, before ? [1] : null],
  attrs: {},
}));

const sumSquaresOp = defineOp({
  id: 'sum-squares',
  inputs: [{ name: 'x' }, { name: 'before', optional: true }],
  outputs: [{ name: 'y' }],
  infer([, before]) {
    requireShape(!before || sizeOf(before) === 1, 'sum-squares', '`before` must have one element');
    return [[1]];
  },
  saves: () => ({ inputs: [0], outputs: [] }),
  pack: () => [],
  cost([x]) {
    const n = sizeOf(x as Shape);
    return { forward: { flops: 2 * n, bytes: 4 * n }, backward: { flops: 2 * n, bytes: 8 * n } };
  },
  cases,
  tolerance: 1e-6,
});
export default sumSquaresOp;

export const sumSquares = (t: Tape, x: Tensor, before: Tensor | null = null): Tensor =>
  t.apply(sumSquaresOp, [x, before], {})[0];
