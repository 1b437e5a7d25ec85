/**
 * Rotary positions (Su et al. 2021, arXiv 2104.09864, section 3.2.2): the pairs (x_j, x_{j + d/2}) of each head turn by
 * an angle that grows with the step, so that scores q k^T depend on the distance of query and key alone.
 *
 *   x, y (B, L, h, d), d even;  a = (l + offset) base^(-2j/d),  j < d/2
 *   y_j = x_j cos a - x_{j+d/2} sin a,   y_{j+d/2} = x_j sin a + x_{j+d/2} cos a
 *
 * Backward: the same turn, the other way. Angles are held in float64.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type RotaryAttrs = { offset: number; base: number };

const cases: OpCase<RotaryAttrs>[] = (
  [
    [[1, 1, 1, 2], 0],
    [[2, 7, 3, 6], 0],
    [[1, 131, 2, 10], 5],
    [[2, 64, 1, 66], -3],
    [[1, 1000, 1, 4], 100000],
  ] as [Shape, number][]
).map(([x, offset]) => ({ name: `${x.join('x')} from ${offset}`, shapes: [x], attrs: { offset, base: 10000 } }));

const rotaryOp = defineOp<RotaryAttrs>({
  id: 'rotary',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  infer([x], { offset, base }) {
    const shape = x as Shape;
    requireShape(shape.length === 4, 'rotary', `x ${showShape(shape)} must be (batch, length, heads, head dimension)`);
    requireShape(shape[3] % 2 === 0, 'rotary', `the head dimension ${shape[3]} must be even: its halves turn in pairs`);
    requireShape(
      Number.isInteger(offset) && base > 0,
      'rotary',
      `offset ${offset} must be whole, base ${base} positive`,
    );
    return [shape];
  },
  saves: () => ({ inputs: [], outputs: [] }),
  /** offset, base */
  pack: ({ offset, base }) => [offset, base],
  cost([x]) {
    const n = sizeOf(x as Shape);
    return { forward: { flops: 3 * n, bytes: 8 * n }, backward: { flops: 3 * n, bytes: 8 * n } };
  },
  cases,
  tolerance: 1e-6,
});
export default rotaryOp;

/** x (B, L, h, d) with step l turned as position l + offset. */
export const rotary = (t: Tape, x: Tensor, { offset = 0, base = 10000 }: Partial<RotaryAttrs> = {}): Tensor =>
  t.apply(rotaryOp, [x], { offset, base })[0];
