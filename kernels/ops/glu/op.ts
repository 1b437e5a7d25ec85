/**
 * Gated linear unit (Dauphin et al. 2017, arXiv 1612.08083, equation 1): the axis is split into halves (a, b),
 * y = a sigmoid(b).
 * x (..., 2n, ...) -> (..., n, ...). With s = sigmoid(b): da = g s, db = g a s (1 - s).
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { resolveAxis } from '../axes.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type GluAttrs = { axis: number };

const cases: OpCase<GluAttrs>[] = (
  [
    [[2], 0],
    [[3, 10], 1],
    [[2, 6, 9], 1],
    [[2, 7, 134], 2],
    [[4, 5], 0],
    [[1, 2, 5003], 1],
  ] as [Shape, number][]
).map(([x, axis]) => ({
  name: `${x.join('x')} axis ${axis}`,
  shapes: [x],
  attrs: { axis },
  fills: [{ kind: 'normal', scale: 3 }],
}));

const gluOp = defineOp<GluAttrs>({
  id: 'glu',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  infer([x], { axis }) {
    const shape = x as Shape;
    const at = resolveAxis(axis, shape.length, 'glu');
    requireShape(shape[at] % 2 === 0, 'glu', `axis ${axis} of ${showShape(shape)} does not split into two halves`);
    return [shape.map((n, d) => (d === at ? n / 2 : n))];
  },
  saves: () => ({ inputs: [0], outputs: [] }),
  /** axis */
  pack: ({ axis }) => [axis],
  cost([x]) {
    const n = sizeOf(x as Shape) / 2;
    return { forward: { flops: 16 * n, bytes: 12 * n }, backward: { flops: 20 * n, bytes: 20 * n } };
  },
  cases,
  tolerance: 2e-6,
});
export default gluOp;

/** (..., 2n, ...) -> (..., n, ...), the last axis when none is given. Throws a `ShapeError` when it is odd. */
export const glu = (t: Tape, x: Tensor, { axis = -1 }: Partial<GluAttrs> = {}): Tensor =>
  t.apply(gluOp, [x], { axis: resolveAxis(axis, x.shape.length, 'glu') })[0];
