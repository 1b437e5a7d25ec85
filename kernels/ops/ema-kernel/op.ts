/**
 * The convolution kernel of the multi-dimensional damped exponential moving average of Mega (Ma et al. 2022, arXiv
 * 2209.10655, equations 4 to 6): n real decays per channel.
 *
 *   p = sigmoid(delta),  q = 1 - p sigmoid(alpha)
 *   K[r,l] = sqrt(1/n) sum_j p_j beta_j gamma_j q_j^l          l = 0..L-1
 *
 * Operands: delta, alpha, beta (R, n, 1), gamma (R, n). Output K (R, L); a two-sided model has R = 2H rows, past first.
 *
 * Backward, with w = sqrt(1/n), s = sum_l g_l q^l, d = w p beta gamma sum_l l g_l q^(l-1):
 *   G_beta = w p gamma s    G_gamma = w p beta s    G_p = w beta gamma s - sigmoid(alpha) d    G_sigmoid(alpha) = -p d
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape } from '../op.ts';

export type EmaAttrs = { length: number };

const cases: OpCase<EmaAttrs>[] = (
  [
    [1, 1, 1, 0.2],
    [3, 2, 7, 0.2],
    [2, 1, 64, 0.2],
    [5, 4, 101, 1],
    [4, 16, 1000, 0.2],
    [2, 33, 1024, 2],
    [3, 5, 4099, 3],
    // Slow decays (q near 1) and instant ones (q near 0).
    [2, 3, 40000, 6],
  ] as const
).map(([R, n, length, scale]) => ({
  name: `${R} rows, ${n} decays, L${length}, spread ${scale}`,
  shapes: [
    [R, n, 1],
    [R, n, 1],
    [R, n, 1],
    [R, n],
  ] as Shape[],
  attrs: { length },
  fills: [
    { kind: 'normal' as const, scale },
    { kind: 'normal' as const, scale },
  ],
}));

const emaKernelOp = defineOp<EmaAttrs>({
  id: 'ema-kernel',
  inputs: [{ name: 'delta' }, { name: 'alpha' }, { name: 'beta' }, { name: 'gamma' }],
  outputs: [{ name: 'K' }],
  infer([delta, alpha, beta, gamma], { length }) {
    const id = 'ema-kernel';
    requireShape(gamma?.length === 2 && gamma[1] > 0, id, `gamma must be (rows, decays), not ${showShape(gamma)}`);
    const [R, n] = gamma;
    for (const [name, s] of [
      ['delta', delta],
      ['alpha', alpha],
      ['beta', beta],
    ] as const)
      requireShape(
        s?.length === 3 && s[0] === R && s[1] === n && s[2] === 1,
        id,
        `${name} must be (${R}, ${n}, 1), not ${showShape(s)}`,
      );
    requireShape(Number.isInteger(length) && length > 0, id, `length must be a positive integer, not ${length}`);
    return [[R, length]];
  },
  saves: () => ({ inputs: [0, 1, 2, 3], outputs: [] }),
  /** length */
  pack: ({ length }) => [length],
  cost([, , , gamma], { length }) {
    const [R, n] = gamma as number[];
    const bytes = 4 * R * length;
    return { forward: { flops: 2 * R * n * length, bytes }, backward: { flops: 4 * R * n * length, bytes } };
  },
  cases,
  // Rounding of the two factors of each power and of the sum over decays, whose signs alternate.
  tolerance: 4e-6,
});
export default emaKernelOp;

export interface EmaParameters {
  delta: Tensor;
  alpha: Tensor;
  beta: Tensor;
  gamma: Tensor;
}

/** K (R, length) of R channels' moving averages. */
export const emaKernel = (t: Tape, p: EmaParameters, length: number): Tensor =>
  t.apply(emaKernelOp, [p.delta, p.alpha, p.beta, p.gamma], { length })[0];
