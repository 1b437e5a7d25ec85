/**
 * HiPPO state matrices and their normal plus low-rank form (Gu et al. 2020, arXiv 2008.07669; Gu, Goel & Re 2021,
 * arXiv 2111.00396, theorem 1), and the diagonal initialisations of S4D (Gu et al. 2022, arXiv 2206.11893). Float64.
 */
import { type Complex, complex } from './complex.ts';
import { skewEigen } from './skew-eigen.ts';

export interface Hippo {
  N: number;
  /** (N, N), row-major. */
  A: Float64Array;
  B: Float64Array;
  /** The rank-one correction: A + P P^T is normal. */
  P: Float64Array;
}

/** LegS: A[n,k] = -sqrt((2n+1)(2k+1)) below the diagonal, -(n+1) on it; B[n] = sqrt(2n+1), P[n] = sqrt(n + 1/2). */
export function legs(N: number): Hippo {
  const B = Float64Array.from({ length: N }, (_, n) => Math.sqrt(2 * n + 1));
  const P = Float64Array.from({ length: N }, (_, n) => Math.sqrt(n + 0.5));
  const A = new Float64Array(N * N);
  for (let n = 0; n < N; n++) {
    for (let k = 0; k < n; k++) A[n * N + k] = -B[n] * B[k];
    A[n * N + n] = -(n + 1);
  }
  return { N, A, B, P };
}

/** Half of the modes of A = V (diag(lambda) - P P^H) V^H; the other half are their conjugates. Im lambda < 0, ascending. */
export interface NormalForm {
  lambda: Complex[];
  /** V^H B and V^H P. */
  B: Complex[];
  P: Complex[];
  /** V, (N, N/2) row-major; columns are defined up to a phase, and B and P with them. */
  V: { re: Float64Array; im: Float64Array };
}

/** The normal form of LegS: A + P P^T = -1/2 + S with S skew-symmetric. N is even. */
export function legsNormalForm(N: number): NormalForm {
  requireEven(N);
  const S = new Float64Array(N * N);
  for (let n = 0; n < N; n++) for (let k = 0; k < n; k++) S[n * N + k] = -0.5 * Math.sqrt((2 * n + 1) * (2 * k + 1));
  const { w, re, im } = skewEigen(S, N);
  const M = N / 2;
  const { B, P } = legs(N);
  const columns = (x: Float64Array) =>
    Float64Array.from({ length: N * M }, (_, i) => x[Math.floor(i / M) * N + (i % M)]);
  return {
    lambda: Array.from({ length: M }, (_, k) => complex(-0.5, w[k])),
    B: project(re, im, B, N, M),
    P: project(re, im, P, N, M),
    V: { re: columns(re), im: columns(im) },
  };
}

/** The Fourier basis: B = P = (1, 0, sqrt 2, 0, ...), A = S - B B^T, S[2j+1, 2j] = pi j = -S[2j, 2j+1]. N is even. */
export function fourier(N: number): Hippo {
  requireEven(N);
  const B = Float64Array.from({ length: N }, (_, n) => (n % 2 ? 0 : n ? Math.SQRT2 : 1));
  const A = Float64Array.from({ length: N * N }, (_, i) => -B[Math.floor(i / N)] * B[i % N]);
  for (let j = 1; j < N / 2; j++) {
    A[(2 * j + 1) * N + 2 * j] += Math.PI * j;
    A[2 * j * N + 2 * j + 1] -= Math.PI * j;
  }
  return { N, A, B, P: B };
}

/**
 * The normal form of the Fourier basis (`fourier`). The vectors of the pair of rate 0 are chosen as those of the others.
 */
export function fourierNormalForm(N: number): NormalForm {
  requireEven(N);
  const M = N / 2;
  const re = new Float64Array(N * M);
  const im = new Float64Array(N * M);
  const rates = Array.from({ length: M }, (_, i) => M - 1 - i); // most negative first
  rates.forEach((j, k) => {
    re[2 * j * M + k] = Math.SQRT1_2;
    im[(2 * j + 1) * M + k] = Math.SQRT1_2;
  });
  const B = rates.map((j) => complex(j === 0 ? Math.SQRT1_2 : 1));
  return { lambda: rates.map((j) => complex(0, -Math.PI * j)), B, P: B, V: { re, im } };
}

/** First M elements of V^H x. */
function project(re: Float64Array, im: Float64Array, x: Float64Array, N: number, M: number): Complex[] {
  return Array.from({ length: M }, (_, k) => {
    let a = 0;
    let b = 0;
    for (let n = 0; n < N; n++) {
      a += re[n * N + k] * x[n];
      b -= im[n * N + k] * x[n];
    }
    return complex(a, b);
  });
}

export const diagonalKinds = ['lin', 'inv', 'legs', 'quad', 'real'] as const;
export type DiagonalKind = (typeof diagonalKinds)[number];

/** S4D's initial modes: A = -1/2 - i a_n (`real`: -(n+1)) and B, n = 0..N/2-1. */
export function diagonalModes(kind: DiagonalKind, N: number): { A: Complex[]; B: Complex[] } {
  requireEven(N);
  if (kind === 'legs') {
    const { lambda, B } = legsNormalForm(N);
    return { A: lambda, B };
  }
  const mode: Record<Exclude<DiagonalKind, 'legs'>, (n: number) => Complex> = {
    lin: (n) => complex(-0.5, -Math.PI * n),
    inv: (n) => complex(-0.5, -(N / Math.PI) * (N / (2 * n + 1) - 1)),
    quad: (n) => complex(-0.5, -((1 + 2 * n) ** 2) / Math.PI),
    real: (n) => complex(-(n + 1)),
  };
  return {
    A: Array.from({ length: N / 2 }, (_, n) => mode[kind](n)),
    B: Array.from({ length: N / 2 }, () => complex(1)),
  };
}

/** Smallest value that the stored logarithm and imaginary part are made from. */
const floor = 1e-4;

/** Stored form of modes: aReal = log(max(-Re A, 1e-4)), aImag = max(-Im A, 1e-4). */
export const storedModes = (A: readonly Complex[]): { aReal: Float64Array; aImag: Float64Array } => ({
  aReal: Float64Array.from(A, (a) => Math.log(Math.max(-a.re, floor))),
  aImag: Float64Array.from(A, (a) => Math.max(-a.im, floor)),
});

/** Imaginary parts clipped to [-2, 2], as S4 stores its initial B. Depends on the phases of V. */
export const clipped = (B: readonly Complex[]): Complex[] =>
  B.map((b) => complex(b.re, Math.min(2, Math.max(-2, b.im))));

function requireEven(N: number): void {
  if (!Number.isInteger(N) || N < 2 || N % 2)
    throw new RangeError(`the state size N must be an even positive integer, not ${N}`);
}
