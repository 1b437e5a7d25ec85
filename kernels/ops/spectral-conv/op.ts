/**
 * Product of spectra, exact inverse transform, real part: the second half of a convolution whose spectra come from
 * somewhere else (a learned transform).
 *
 *   y[b, c H + h, t] = Re (1/N) sum_k U[b, h, k] K[c, h, k] exp(2 pi i k t / N),   0 <= t < length <= N
 *
 * U (B, H, 2, N) and K (C, H, 2, N): real parts, then imaginary parts. y (B, C H, length). `factors`: N as a product, the
 * sizes of the matrix products that the CPU does the inverse with.
 *
 * Backward, with G[b, c H + h] = (1/N) DFT of g, zeros beyond `length`:   dU = sum_c conj(K) G,   dK = sum_b conj(U) G.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { wholeFactors } from '../butterfly-transform/op.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type SpectralConvAttrs = { length: number; factors: readonly number[] };

const cases: OpCase<SpectralConvAttrs>[] = (
  [
    [1, 1, 1, 1, 1, [1]],
    [2, 1, 3, 2, 1, [2]],
    [2, 2, 3, 7, 5, [7]],
    [3, 1, 2, 60, 60, [3, 4, 5]],
    [1, 3, 2, 64, 33, [16, 4]],
    [2, 1, 4, 512, 256, [8, 8, 8]],
    [2, 2, 1, 1009, 1000, [1009]],
    [3, 1, 5, 2048, 1000, [16, 16, 8]],
    [1, 1, 2, 8192, 4096, [8, 8, 8, 16]],
  ] as [number, number, number, number, number, number[]][]
).map(([B, C, H, N, length, factors]) => ({
  name: `${B}x${H}, ${C} kernels, ${length} of ${factors.join('x')} = ${N}`,
  shapes: [
    [B, H, 2, N],
    [C, H, 2, N],
  ],
  attrs: { length, factors },
}));

const spectralConvOp = defineOp<SpectralConvAttrs>({
  id: 'spectral-conv',
  inputs: [{ name: 'U' }, { name: 'K' }],
  outputs: [{ name: 'y' }],
  infer([U, K], { length, factors }) {
    const id = 'spectral-conv';
    requireShape(U?.length === 4 && U[2] === 2, id, `U must have shape (B, H, 2, N), not ${showShape(U ?? null)}`);
    requireShape(K?.length === 4 && K[2] === 2, id, `K must have shape (C, H, 2, N), not ${showShape(K ?? null)}`);
    const [B, H, , N] = U;
    requireShape(sizeOf(U) > 0 && K[0] > 0, id, 'every dimension must be at least 1');
    requireShape(K[1] === H && K[3] === N, id, `U has ${H} channels of ${N} frequencies but K has ${K[1]} of ${K[3]}`);
    requireShape(
      factors.length > 0 && factors.length <= 24 && factors.every((n) => Number.isInteger(n) && n > 0),
      id,
      `the factors [${factors.join(', ')}] must be 1 to 24 whole numbers, at least 1`,
    );
    requireShape(sizeOf(factors) === N, id, `the factors ${factors.join(' x ')} are not ${N}`);
    requireShape(
      Number.isInteger(length) && length > 0 && length <= N,
      id,
      `length ${length} must be a whole number from 1 to ${N}`,
    );
    return [[B, K[0] * H, length]];
  },
  saves: () => ({ inputs: [0, 1], outputs: [] }),
  /** length, number of factors, the factors */
  pack: ({ length, factors }) => [length, factors.length, ...factors],
  workspace([U], { factors }, _pass, threads) {
    const [, H, , N] = U as Shape;
    const tables = 4 * N + 10 * factors.reduce((sum, n) => sum + n * n, 0);
    return 4 * (Math.min(threads, H) * (6 * N + 660 * Math.max(...factors)) + tables);
  },
  /** Matrix products as they are carried out; only the rows that are real and wanted at the level next to time. */
  cost([U, K], { length, factors }) {
    const [B, H, , N] = U as Shape;
    const C = (K as Shape)[0];
    const rest = factors.slice(1).reduce((s, n) => s + 8 * n + 6, 0);
    const transform = 4 * N * Math.ceil((length * factors[0]) / N) + N * rest;
    const [spectra, rows] = [2 * N * H * (B + C), B * C * H];
    return {
      forward: { flops: rows * (transform + 6 * N), bytes: 4 * (spectra + rows * length) },
      backward: { flops: rows * (transform + 16 * N), bytes: 4 * (2 * spectra + rows * length) },
    };
  },
  cases,
  tolerance: 3e-6,
});
export default spectralConvOp;

/** Small factors for the inverse, 16 at both ends, along which lanes run and rows are left out. */
const inverseFactors = (N: number): number[] =>
  N > 256 && N % 256 === 0 ? [16, ...wholeFactors(N / 256, 8), 16] : wholeFactors(N, 16);

/** y (B, C H, length) from spectra U (B, H, 2, N) and K (C, H, 2, N); see the head of this file. */
export const spectralConv = (t: Tape, U: Tensor, K: Tensor, length: number): Tensor =>
  t.apply(spectralConvOp, [U, K], { length, factors: inverseFactors(U.shape[3]) })[0];
