/**
 * HiPPO-LegS (Gu et al. 2020, arXiv 2008.07669) and its normal-plus-low-rank form (Gu et al. 2022, arXiv
 * 2111.00396, Theorem 1):
 *
 *   A[n,k] = -sqrt(2n+1) sqrt(2k+1) (n > k), -(n+1) (n = k), 0 (n < k)     B[n] = sqrt(2n+1)
 *   P[n] = sqrt(n + 1/2)      A + P P^T = -I/2 + S, S real skew-symmetric
 *
 * With -i S = V diag(w) V^H the normal part has eigenvalues -1/2 + i w. They come in pairs +-w; the half with
 * w < 0 is kept, ascending. Rotated vectors: P_v = V^H P, B_v = V^H B = sqrt 2 P_v.
 *
 * A column of V is free up to a unit phase. We choose the phase that makes P_v, and so B_v, real and positive.
 * The public code takes what LAPACK returns and clips Im B_v to [-2, 2], so that its start depends on the LAPACK
 * build; with our phases there is nothing to clip. C is drawn from a distribution that no phase changes.
 */
import { skewEigen } from './skew-eigen.ts';

export interface Legs {
  /** Modes kept, N/2. */
  modes: number;
  /** -w > 0: the eigenvalues of A + P P^T are -1/2 - i frequency; descending. */
  frequency: Float64Array;
  /** P_v, real and positive. */
  P: Float64Array;
  /** Columns of V that belong to the kept modes: V[j, n] as (real, imaginary) at 2 (j N/2 + n), j < N. */
  V: Float64Array;
}

/** HiPPO-LegS matrix A, (N, N) row-major, lower triangular. */
export function legsMatrix(N: number): Float64Array {
  const A = new Float64Array(N * N);
  for (let n = 0; n < N; n++) {
    for (let k = 0; k < n; k++) A[n * N + k] = -Math.sqrt((2 * n + 1) * (2 * k + 1));
    A[n * N + n] = -(n + 1);
  }
  return A;
}

const known = new Map<number, Legs>();

/** The NPLR form of order N (even). */
export function legs(N: number): Legs {
  if (N < 2 || N % 2 !== 0) throw new RangeError(`the state size must be an even number of at least 2, not ${N}`);
  let form = known.get(N);
  if (!form) known.set(N, (form = decompose(N)));
  return form;
}

function decompose(N: number): Legs {
  const S = new Float64Array(N * N);
  for (let n = 0; n < N; n++)
    for (let k = 0; k < n; k++) {
      // S = A + P P^T + I/2 below the diagonal: -sqrt((2n+1)(2k+1)) + sqrt((n+1/2)(k+1/2)).
      S[n * N + k] = -Math.sqrt((2 * n + 1) * (2 * k + 1)) / 2;
      S[k * N + n] = -S[n * N + k];
    }
  const { w, V } = skewEigen(S, N);
  const M = N / 2;
  const form: Legs = {
    modes: M,
    frequency: w.slice(0, M).map((x) => -x),
    P: new Float64Array(M),
    V: new Float64Array(2 * N * M),
  };
  for (let n = 0; n < M; n++) {
    let re = 0;
    let im = 0;
    for (let j = 0; j < N; j++) {
      re += V[2 * (j * N + n)] * Math.sqrt(j + 0.5);
      im -= V[2 * (j * N + n) + 1] * Math.sqrt(j + 0.5);
    }
    const size = Math.hypot(re, im);
    const [c, s] = [re / size, im / size];
    form.P[n] = size;
    for (let j = 0; j < N; j++) {
      const [x, y] = [V[2 * (j * N + n)], V[2 * (j * N + n) + 1]];
      form.V[2 * (j * M + n)] = x * c - y * s;
      form.V[2 * (j * M + n) + 1] = x * s + y * c;
    }
  }
  return form;
}
