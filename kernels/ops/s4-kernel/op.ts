/**
 * The convolution kernel of S4: a diagonal plus low-rank state space, by its generating function at the roots of
 * unity (Gu, Goel & Re 2021, arXiv 2111.00396, section 3.2 and appendix C.3).
 *
 *   delta = e^{invDt},  Lambda = -e^{aReal} - i aImag,  A = diag(Lambda) - sum_r P_r P_r^H   (modes, then conjugates)
 *   z_m = 2i tan(pi m/n),  r_ab(z) = sum_modes delta a b/(z - delta Lambda),   n = internalLength
 *   Khat[m] = (1 + z_m/2) [ r_BC - r_BP* (I + r_PP*)^{-1} r_PC ],   m < n/2
 *   Khat[n/2] = Re sum_half delta B C   (n even: the limit of the above, whose low-rank term vanishes)
 *   K = irfft(Khat, n)[0:length]
 *
 * C is the *folded* C~ = C (I - Abar^n) that S4 trains (see `numerics/s4-fold.ts`); the step is bilinear.
 *
 * Operands: invDt (H,1), aReal and aImag (S,N/2), P (R,S,N/2,2), B (1,S,N/2,2), C (channels,H,N/2,2); pairs are (re, im),
 * conjugate modes are implied, S divides H and feature h uses copy h mod S. Output K (channels,H,length).
 *
 * Backward: with x = r_BP* (I + r_PP*)^{-1}, y = (I + r_PP*)^{-1} r_PC and s = conj(1 + z/2) G_Khat, where
 * G_Khat = c_m/n rfft(g) (c = 1 for the bins 0 and n/2, 2 otherwise),
 *   G(r_BC) = s,  G(r_BP*) = -conj(y) s,  G(r_PC) = -conj(x) s,  G(r_PP*) = conj(x y) s
 * and the derivatives of the Cauchy sums in their coefficients delta a b and poles delta Lambda.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape } from '../op.ts';

export type S4Attrs = {
  /** Taps wanted, at most `internalLength`. */
  length: number;
  /** Number of nodes; the length that C~ was folded with. */
  internalLength: number;
};

const largestRank = 4;

/** Operand shapes: C channels, H features, S copies, M = N/2 modes, rank R. */
const shapes = (C: number, H: number, S: number, M: number, R: number): Shape[] => [
  [H, 1],
  [S, M],
  [S, M],
  [R, S, M, 2],
  [1, S, M, 2],
  [C, H, M, 2],
];
const fills = (span: number): OpCase['fills'] => [
  { kind: 'uniform', low: -6, high: -2.3 },
  { kind: 'normal', scale: 0.3, shift: -0.7 },
  { kind: 'uniform', low: 0, high: span },
];
const undamped: OpCase['fills'] = [fills(1)?.[0], { kind: 'values', values: [-9.2103] }, fills(10)?.[2]];
const sized = (name: string, s: Shape[], length: number, internalLength = length, span = 40): OpCase<S4Attrs> => ({
  name,
  shapes: s,
  attrs: { length, internalLength },
  fills: fills(span),
});

const s4KernelOp = defineOp<S4Attrs>({
  id: 's4-kernel',
  inputs: [{ name: 'invDt' }, { name: 'aReal' }, { name: 'aImag' }, { name: 'P' }, { name: 'B' }, { name: 'C' }],
  outputs: [{ name: 'K' }],
  infer([invDt, aReal, aImag, P, B, C], { length, internalLength }) {
    const id = 's4-kernel';
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
    const copies = (x: Shape | null | undefined) => x?.length === 4 && x[1] === S && x[2] === M && x[3] === 2;
    requireShape(copies(B) && B?.[0] === 1, id, `B must be (1, ${S}, ${M}, 2), not ${showShape(B ?? null)}`);
    requireShape(copies(P), id, `P must be (rank, ${S}, ${M}, 2), not ${showShape(P ?? null)}`);
    const rank = (P as Shape)[0];
    requireShape(rank >= 1 && rank <= largestRank, id, `rank ${rank} is not between 1 and ${largestRank}`);
    requireShape(S > 0 && H % S === 0, id, `the ${S} copies of A must divide the ${H} features`);
    requireShape(Number.isInteger(length) && length > 0, id, `length must be a positive integer, not ${length}`);
    requireShape(
      Number.isInteger(internalLength) && internalLength >= length,
      id,
      `length ${length} is longer than the internal length ${internalLength}: fold C again for a longer one`,
    );
    return [[channels, H, length]];
  },
  saves: () => ({ inputs: [0, 1, 2, 3, 4, 5], outputs: [] }),
  /** internalLength */
  pack: ({ internalLength }) => [internalLength],
  /** Nodes and transform tables; spectra and time of one feature a thread; backward: float64 gradients. */
  workspace([, , , , , c], { internalLength: n }, _, threads) {
    const [C, H, M] = c as number[];
    return 4 * (n + 64) * (threads * (2 * C + 3) + 8) + 8 * H * M * (2 * C + 8) + 65536 * threads;
  },
  cost([, , , P, , c], { length, internalLength: n }) {
    const [C, H, M] = c as number[];
    const R = (P as Shape)[0];
    const terms = H * M * (n / 2 + 1);
    const sums = (1 + R) * (C + R);
    const fft = C * H * 2.5 * n * Math.max(1, Math.log2(n));
    const bytes = 4 * C * H * length;
    return {
      forward: { flops: terms * (12 + 8 * sums) + fft, bytes },
      backward: { flops: terms * (30 + 24 * sums) + fft, bytes },
    };
  },
  cases: [
    sized('L1', shapes(1, 2, 2, 3, 1), 1),
    sized('L2', shapes(1, 2, 2, 3, 1), 2),
    sized('L3', shapes(1, 2, 2, 1, 1), 3),
    sized('L64', shapes(1, 3, 3, 4, 1), 64),
    sized('odd L101', shapes(1, 3, 3, 5, 1), 101),
    sized('L100 of 128', shapes(1, 2, 2, 8, 1), 100, 128),
    sized('L50 of 75, channels, shared copies', shapes(3, 4, 2, 6, 1), 50, 75),
    { ...sized('hardly damped', shapes(1, 2, 2, 4, 1), 64, 64, 10), fills: undamped },
    sized('rank 2', shapes(1, 2, 2, 5, 2), 60),
    sized('rank 3, channels', shapes(2, 2, 1, 4, 3), 90, 97),
    sized('L1000 N64', shapes(1, 2, 2, 32, 1), 1000, 1000, 300),
    sized('L1024 N34', shapes(2, 2, 1, 17, 1), 1024, 1024, 100),
    sized('L2048', shapes(1, 1, 1, 7, 1), 2048, 2048, 30),
    sized('prime L2053', shapes(1, 1, 1, 8, 1), 2053, 2053, 100),
    sized('L4096', shapes(1, 1, 1, 3, 1), 4096, 4096, 100),
  ],
  tolerance: 5e-6,
});
export default s4KernelOp;

export interface S4Parameters {
  invDt: Tensor;
  aReal: Tensor;
  aImag: Tensor;
  P: Tensor;
  B: Tensor;
  /** Folded. */
  C: Tensor;
}

/** K (channels,H,length) of a diagonal plus low-rank state space. */
export const s4Kernel = (t: Tape, p: S4Parameters, attrs: S4Attrs): Tensor =>
  t.apply(s4KernelOp, [p.invDt, p.aReal, p.aImag, p.P, p.B, p.C], attrs)[0];
