/**
 * A bias by relative position from two vectors that are turned as rotary positions are (Mega, Ma et al. 2022, arXiv
 * 2209.10655, appendix): b[i,j] = <R_i alpha, R_j beta> depends on j - i only, so it is one vector.
 *
 *   w[M - 1 + s] = sum_h P_h cos(s theta_h) - Q_h sin(s theta_h),   s = j - i = -(M-1) .. M-1,  theta_h = 10000^(-2h/Z)
 *   P = a1 b1 + a2 b2,  Q = a1 b2 - a2 b1          (a1, a2), (b1, b2): halves of alpha and beta (Z)
 *
 * Output w (2M - 1). Backward: the sums over s with g, then the products.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, showShape } from '../op.ts';

export type RotaryBiasAttrs = { positions: number };

const cases: OpCase<RotaryBiasAttrs>[] = (
  [
    [2, 1],
    [2, 2],
    [6, 7],
    [34, 64],
    [64, 65],
    [10, 1000],
  ] as const
).map(([Z, positions]) => ({ name: `${Z} wide, ${positions} positions`, shapes: [[Z], [Z]], attrs: { positions } }));

const rotaryBiasOp = defineOp<RotaryBiasAttrs>({
  id: 'rotary-bias',
  inputs: [{ name: 'alpha' }, { name: 'beta' }],
  outputs: [{ name: 'w' }],
  infer([alpha, beta], { positions }) {
    const id = 'rotary-bias';
    requireShape(
      alpha?.length === 1 && alpha[0] > 0 && alpha[0] % 2 === 0,
      id,
      `alpha must have an even number of elements, not ${showShape(alpha)}`,
    );
    requireShape(
      beta?.length === 1 && beta[0] === alpha[0],
      id,
      `beta ${showShape(beta)} must have the shape of alpha ${showShape(alpha)}`,
    );
    requireShape(
      Number.isInteger(positions) && positions > 0,
      id,
      `positions must be a positive integer, not ${positions}`,
    );
    return [[2 * positions - 1]];
  },
  saves: () => ({ inputs: [0, 1], outputs: [] }),
  /** positions */
  pack: ({ positions }) => [positions],
  cost([alpha], { positions }) {
    const flops = 5 * (alpha as number[])[0] * positions;
    const bytes = 8 * positions;
    return { forward: { flops, bytes }, backward: { flops, bytes } };
  },
  cases,
  tolerance: 1e-6,
});
export default rotaryBiasOp;

/** w (2 positions - 1) of alpha and beta, of any shape of Z numbers. */
export const rotaryBias = (t: Tape, alpha: Tensor, beta: Tensor, positions: number): Tensor =>
  t.apply(rotaryBiasOp, [t.reshape(alpha, [alpha.size]), t.reshape(beta, [beta.size])], { positions })[0];
