/**
 * The convolution kernel of a diagonal state space (S4D, Gu et al. 2022, arXiv 2206.11893, section 3).
 *
 *   K[c,h,l] = 2 Re sum_n C[c,h,n] B[s,n] f_n  Abar_n^l        l = 0..L-1,  s = h mod S
 *   delta = e^{invDt[h]},  A = -e^{aReal[s,n]} - i aImag[s,n],  x = delta A
 *
 *   zoh       Abar = e^x                     f = (e^x - 1)/A
 *   bilinear  Abar = (1 + x/2)/(1 - x/2)     f = delta/(1 - x/2)
 *   dss       Abar = e^x                     f = (e^x - 1) r((e^{xL} - 1) A),  r(y) = conj(y)/(|y|^2 + 1e-7)
 *             the row-normalised form of DSS (Gupta et al. 2022, arXiv 2203.14343); without the factor 2
 *
 * `degree` P > 1 (Liquid-S4, Hasani et al. 2022, arXiv 2209.12951): the kernels of all powers of the input vector,
 *
 *   K[(p-1) C + c,h,l] = 2 Re sum_n C[c,h,n] (B[s,n] f_n)^p Abar_n^l        p = 1..P, the power taken mode by mode
 *
 * Operands: invDt (H,1), aReal and aImag (S,N/2), B (1,S,N/2,2), C (C,H,N/2,2); pairs are (re, im), the conjugate
 * modes are implied, S divides H. Output K (P C,H,L).
 *
 * Backward, with c = C B f, s = sum_l g_l Abar^l, q = sum_l l g_l Abar^l (kappa = 2, or 1 for dss):
 *   G_C = kappa conj(B f s)   G_B = kappa conj(C f s)   G_f = kappa conj(C B s)   G_{log Abar} = kappa conj(c q)
 * and the chain rule down to the stored parameters; with z = B f and z^p for B f, G_z = p conj(C z^{p-1}) kappa conj(s).
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape } from '../op.ts';

export const discretisations = ['zoh', 'bilinear', 'dss'] as const;
export type Discretisation = (typeof discretisations)[number];
export type S4dAttrs = { length: number; disc: Discretisation; degree?: number };

/** Operand shapes of a case: C channels, H features, S copies, M = N/2 modes. */
const shapes = (C: number, H: number, S: number, M: number): Shape[] => [
  [H, 1],
  [S, M],
  [S, M],
  [1, S, M, 2],
  [C, H, M, 2],
];
/** Fills in the range of real models: delta in [1e-3, 0.1], Re A near -1/2, Im A up to +-span. */
const fills = (span: number): OpCase['fills'] => [
  { kind: 'uniform', low: -7, high: -2.3 },
  { kind: 'normal', scale: 0.3, shift: -0.7 },
  { kind: 'uniform', low: -span, high: span },
];

const cases: OpCase<S4dAttrs>[] = discretisations.flatMap((disc) => [
  { name: `${disc} L1`, shapes: shapes(1, 2, 2, 3), attrs: { length: 1, disc }, fills: fills(20) },
  { name: `${disc} L7 one mode`, shapes: shapes(1, 3, 3, 1), attrs: { length: 7, disc }, fills: fills(20) },
  { name: `${disc} L101 shared copies`, shapes: shapes(2, 6, 2, 5), attrs: { length: 101, disc }, fills: fills(40) },
  { name: `${disc} L1000 N64`, shapes: shapes(1, 3, 3, 32), attrs: { length: 1000, disc }, fills: fills(100) },
  { name: `${disc} L4096 channels`, shapes: shapes(3, 2, 1, 17), attrs: { length: 4096, disc }, fills: fills(60) },
]);

cases.push(
  {
    name: 'degree 2, L33',
    shapes: shapes(1, 2, 2, 3),
    attrs: { length: 33, disc: 'zoh', degree: 2 },
    fills: fills(20),
  },
  {
    name: 'degree 4, L101, channels, shared copies',
    shapes: shapes(2, 4, 2, 5),
    attrs: { length: 101, disc: 'bilinear', degree: 4 },
    fills: fills(40),
  },
);

const s4dKernelOp = defineOp<S4dAttrs>({
  id: 's4d-kernel',
  inputs: [{ name: 'invDt' }, { name: 'aReal' }, { name: 'aImag' }, { name: 'B' }, { name: 'C' }],
  outputs: [{ name: 'K' }],
  infer([invDt, aReal, aImag, B, C], { length, disc, degree = 1 }) {
    const id = 's4d-kernel';
    requireShape(C?.length === 4 && C[3] === 2, id, `C must be (channels, H, N/2, 2), not ${showShape(C ?? null)}`);
    const [channels, H, M] = C as number[];
    requireShape(invDt?.[0] === H && invDt[1] === 1, id, `invDt must be (${H}, 1), not ${showShape(invDt ?? null)}`);
    const S = aReal?.[0] ?? 0;
    requireShape(aReal?.length === 2 && aReal[1] === M, id, `aReal must be (S, ${M}), not ${showShape(aReal ?? null)}`);
    requireShape(
      aImag?.[0] === S && aImag[1] === M,
      id,
      `aImag must be as aReal, (${S}, ${M}), not ${showShape(aImag ?? null)}`,
    );
    requireShape(
      B?.length === 4 && B[0] === 1 && B[1] === S && B[2] === M && B[3] === 2,
      id,
      `B must be (1, ${S}, ${M}, 2), not ${showShape(B ?? null)}`,
    );
    requireShape(S > 0 && H % S === 0, id, `the ${S} copies of A must divide the ${H} features`);
    requireShape(Number.isInteger(length) && length > 0, id, `length must be a positive integer, not ${length}`);
    requireShape(discretisations.includes(disc), id, `disc is "${disc}": choose ${discretisations.join(', ')}`);
    requireShape(Number.isInteger(degree) && degree > 0, id, `degree must be a positive integer, not ${degree}`);
    return [[degree * channels, H, length]];
  },
  saves: () => ({ inputs: [0, 1, 2, 3, 4], outputs: [] }),
  /** length, discretisation index, degree */
  pack: ({ length, disc, degree = 1 }) => [length, discretisations.indexOf(disc), degree],
  cost([, , , , c], { length, degree = 1 }) {
    const [C, H, M] = c as number[];
    const terms = degree * C * H * M * length;
    const bytes = 4 * degree * C * H * length;
    return { forward: { flops: 4 * terms, bytes }, backward: { flops: 8 * terms, bytes } };
  },
  cases,
  // Rounding of the two factors of each power and of the sum over modes.
  tolerance: 4e-6,
});
export default s4dKernelOp;

export interface S4dParameters {
  invDt: Tensor;
  aReal: Tensor;
  aImag: Tensor;
  B: Tensor;
  C: Tensor;
}

/** K (degree C, H, length) of a diagonal state space. */
export const s4dKernel = (t: Tape, p: S4dParameters, attrs: S4dAttrs): Tensor =>
  t.apply(s4dKernelOp, [p.invDt, p.aReal, p.aImag, p.B, p.C], attrs)[0];
