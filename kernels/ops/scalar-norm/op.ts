/**
 * Normalisation with scalar shift and scale: `TransposedLN` of the S4 repository (state-spaces/s4), which the
 * repositories of S4D, SGConv and Long Conv took over:
 *
 *   y = (s / std) (x - mean + m)          over one axis, population std, no eps; m and s are (1)
 *
 * The axis is the last one or axis 1, as in (B, L, H) and (B, H, L). Where all values are equal (std 0, as in zeroed
 * padding) the formula has no value: y and the gradients are 0 there.
 * Backward, n values on the axis, r = s / std, hat = (x - mean) / std:
 * dx = r (g - mean(g) - hat (sum g hat + (m / std) sum g) / n), ds = sum g (x - mean + m) / std, dm = sum r g.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { resolveAxis } from '../axes.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type ScalarNormAttrs = { axis: number };

const cases: OpCase<ScalarNormAttrs>[] = (
  [
    [[1, 1], 1],
    [[3, 5, 7], 1],
    [[2, 6, 9], 1],
    [[2, 6, 9], 2],
    [[2, 67, 131], 1],
    [[2, 131, 67], 2],
    [[5, 33], 1],
    [[1, 3, 2500], 1],
  ] as [Shape, number][]
).map(([x, axis]) => ({ name: `${x.join('x')} axis ${axis}`, shapes: [x, [1], [1]], attrs: { axis } }));
cases.push({
  name: 'zeroed padding',
  shapes: [[1, 4, 3], [1], [1]],
  attrs: { axis: 2 },
  fills: [{ kind: 'values', values: [1, 2, 4, 0, 0, 0] }],
  notDerivative: 'a constant vector is divided by nothing, and no gradient flows to it',
});

const scalarNormOp = defineOp<ScalarNormAttrs>({
  id: 'scalar-norm',
  inputs: [{ name: 'x' }, { name: 'm' }, { name: 's' }],
  outputs: [{ name: 'y' }],
  infer([x, m, s], { axis }) {
    const shape = x as Shape;
    const at = resolveAxis(axis, shape.length, 'scalar-norm');
    requireShape(
      at === 1 || at === shape.length - 1,
      'scalar-norm',
      `the axis of ${showShape(shape)} must be the last one or axis 1, not ${axis}`,
    );
    requireShape(sizeOf(m as Shape) === 1 && sizeOf(s as Shape) === 1, 'scalar-norm', 'm and s must be (1)');
    return [shape];
  },
  saves: () => ({ inputs: [0, 1, 2], outputs: [] }),
  /** axis */
  pack: ({ axis }) => [axis],
  cost([x]) {
    const n = sizeOf(x as Shape);
    return { forward: { flops: 7 * n, bytes: 8 * n }, backward: { flops: 14 * n, bytes: 12 * n } };
  },
  cases,
  tolerance: 3e-6,
});
export default scalarNormOp;

export const scalarNorm = (
  t: Tape,
  x: Tensor,
  m: Tensor,
  s: Tensor,
  { axis = -1 }: Partial<ScalarNormAttrs> = {},
): Tensor => t.apply(scalarNormOp, [x, m, s], { axis: resolveAxis(axis, x.shape.length, 'scalar-norm') })[0];
