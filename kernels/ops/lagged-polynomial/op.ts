/**
 * A polynomial in consecutive inputs, the terms that Liquid-S4 adds to a state space:
 *
 *   y[b,h,t] = add[b,h,t] + sum_{p=2..P} c[p-2,h] u^(p)[b,h,t],   u^(p)_t = u_t u_{t-1} .. u_{t-p+1}
 *
 * u (B, H, L), zero before the start; c (P-1, H); add (B, H, L) or null; P from 2 to 32. With one coefficient 1 and the
 * others 0, a single product of p inputs.
 *
 * Backward: c' = sum_{b,t} g u^(p); u'_t = sum_p c_p sum_{j<p} g_{t+j} (u_{t+1} .. u_{t+j}) (u_{t-1} .. u_{t-p+1+j}).
 * Hasani et al. 2022, arXiv 2209.12951, equation 9.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export const mostDegree = 32;

const cases: OpCase[] = (
  [
    [1, 1, 1, 2, true],
    [1, 1, 1, 5, false],
    [2, 3, 2, 4, true],
    [2, 3, 7, 2, false],
    [3, 5, 67, 3, true],
    [2, 3, 128, 6, true],
    [1, 2, 5000, 3, true],
    [1, 2, 11, 32, false],
  ] as [number, number, number, number, boolean][]
).map(([B, H, L, P, add]) => ({
  name: `${B}x${H}x${L} degree ${P}${add ? '' : ' alone'}`,
  shapes: [[B, H, L], [P - 1, H], add ? [B, H, L] : null],
  attrs: {},
  causal: L > 1 ? [2, 2] : undefined,
}));

const laggedPolynomialOp = defineOp({
  id: 'lagged-polynomial',
  inputs: [{ name: 'u' }, { name: 'c' }, { name: 'add', optional: true }],
  outputs: [{ name: 'y' }],
  infer([u, c, add]) {
    const id = 'lagged-polynomial';
    requireShape(u?.length === 3 && sizeOf(u) > 0, id, `u must be (B, H, L), not ${showShape(u ?? null)}`);
    requireShape(
      c?.length === 2 && c[1] === u[1] && c[0] >= 1 && c[0] < mostDegree,
      id,
      `c ${showShape(c ?? null)} must be (P-1, ${u[1]}) with P from 2 to ${mostDegree}`,
    );
    requireShape(
      !add || (add.length === 3 && add.every((n, i) => n === u[i])),
      id,
      `add ${showShape(add)} must be as u, ${showShape(u)}`,
    );
    return [u];
  },
  saves: () => ({ inputs: [0, 1], outputs: [] }),
  pack: () => [],
  cost([u, c, add]) {
    const n = sizeOf(u as Shape);
    const P = (c as Shape)[0] + 1;
    return {
      forward: { flops: 3 * (P - 1) * n, bytes: 4 * n * (add ? 3 : 2) },
      backward: { flops: 2 * (P - 1) * (P + 4) * n, bytes: 12 * n },
    };
  },
  passesGradient: (input) => (input === 2 ? 0 : null),
  cases,
  tolerance: 3e-6,
});
export default laggedPolynomialOp;

/** add + sum_p c_p u^(p), (B, H, L). */
export const laggedPolynomial = (t: Tape, u: Tensor, c: Tensor, add: Tensor | null = null): Tensor =>
  t.apply(laggedPolynomialOp, [u, c, add], {})[0];

/** The product u^(p) alone, (B, H, L); p = 1: u itself. */
export function laggedProduct(t: Tape, u: Tensor, p: number): Tensor {
  if (p === 1) return u;
  const H = u.shape[1];
  const unit = new Float64Array((p - 1) * H).fill(1, (p - 2) * H);
  return laggedPolynomial(t, u, t.tensor(unit, [p - 1, H]));
}
