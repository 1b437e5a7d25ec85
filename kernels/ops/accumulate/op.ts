/** into += x, in place: how gradients of a tensor that is used twice are added. */
import { type Cost, defineOp, requireShape, type Shape, sizeOf } from '../op.ts';

export default defineOp({
  id: 'accumulate',
  inputs: [{ name: 'into' }, { name: 'x' }],
  outputs: [],
  mutates: [0],
  differentiable: false,
  infer([into, x]) {
    requireShape(sizeOf(into as Shape) === sizeOf(x as Shape), 'accumulate', 'both operands must have the same size');
    return [];
  },
  saves: () => ({ inputs: [], outputs: [] }),
  pack: () => [],
  cost([into]) {
    const n = sizeOf(into as Shape);
    const none: Cost = { flops: 0, bytes: 0 };
    return { forward: { flops: n, bytes: 12 * n }, backward: none };
  },
  cases: [1, 7, 64, 1000].map((n) => ({ name: `n${n}`, shapes: [[n], [n]], attrs: {} })),
  tolerance: 1e-6,
});
