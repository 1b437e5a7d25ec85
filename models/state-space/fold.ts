/**
 * S4 trains C~ = C (I - Abar^L) instead of C (Gu et al. 2022, arXiv 2111.00396, equation 5): the truncated
 * generating function of the kernel is then C~ (I - Abar z)^{-1} Bbar without any power of Abar. The fold is done
 * once, when the layer is made, in float64, outside the gradient.
 *
 *   Abar = (I - D/2 A)^{-1} (I + D/2 A), D the step,   A = diag(Lambda) - P P^H over modes and their conjugates
 *
 * Two ways to the same numbers. `foldLegs` uses that HiPPO-LegS is real and lower triangular before the rotation
 * by V: powers by repeated squaring cost N^3/6 log2 L. `foldSteps` applies Abar L times to the row vector in the
 * DPLR form (Woodbury, O(N) a step) and takes any Lambda and P. Squaring is stable: the symmetric part of A is
 * -I/2 - P P^T, so Abar does not lengthen any vector.
 */
import { type Legs, legsMatrix } from './hippo.ts';

/** Complex row vectors of N/2 modes, (re, im) pairs; `C` holds `rows` of them and is replaced. */
export function foldLegs(C: Float64Array, rows: number, form: Legs, step: (row: number) => number, L: number): void {
  const { modes: M, V } = form;
  const N = 2 * M;
  const A = legsMatrix(N);
  const c = new Float64Array(N);
  for (let r = 0; r < rows; r++) {
    const at = 2 * r * M;
    // The real row vector C V^H of the unrotated system: conjugate pairs add up to twice the real part.
    for (let j = 0; j < N; j++) {
      let s = 0;
      for (let n = 0; n < M; n++) s += C[at + 2 * n] * V[2 * (j * M + n)] + C[at + 2 * n + 1] * V[2 * (j * M + n) + 1];
      c[j] = 2 * s;
    }
    const power = timesPower(c, bilinear(A, N, step(r)), N, L);
    for (let n = 0; n < M; n++)
      for (let j = 0; j < N; j++) {
        C[at + 2 * n] -= power[j] * V[2 * (j * M + n)];
        C[at + 2 * n + 1] -= power[j] * V[2 * (j * M + n) + 1];
      }
  }
}

/** (I - D/2 A)^{-1} (I + D/2 A) of a lower triangular A, by forward substitution. */
function bilinear(A: Float64Array, N: number, step: number): Float64Array {
  const X = new Float64Array(N * N);
  const h = step / 2;
  for (let i = 0; i < N; i++) {
    for (let j = 0; j <= i; j++) {
      let s = h * A[i * N + j] + (i === j ? 1 : 0);
      for (let k = j; k < i; k++) s += h * A[i * N + k] * X[k * N + j];
      X[i * N + j] = s / (1 - h * A[i * N + i]);
    }
  }
  return X;
}

/** c M^L of a lower triangular M; M is used up. */
function timesPower(c: Float64Array, M: Float64Array, N: number, L: number): Float64Array {
  let v = c.slice();
  let square = M;
  for (let rest = L; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) {
      const next = new Float64Array(N);
      for (let i = 0; i < N; i++) for (let j = 0; j <= i; j++) next[j] += v[i] * square[i * N + j];
      v = next;
    }
    if (rest === 1) break;
    const product = new Float64Array(N * N);
    for (let i = 0; i < N; i++)
      for (let k = 0; k <= i; k++) {
        const x = square[i * N + k];
        for (let j = 0; j <= k; j++) product[i * N + j] += x * square[k * N + j];
      }
    square = product;
  }
  return v;
}

export interface Dplr {
  /** Lambda and P of the kept modes as (re, im) pairs. */
  lambda: Float64Array;
  P: Float64Array;
}

/** C~ of one row vector C (N/2 complex pairs) for any DPLR state matrix, by L steps. */
export function foldSteps(C: Float64Array, { lambda, P }: Dplr, step: number, L: number): Float64Array {
  const M = C.length / 2;
  const [dr, di] = [new Float64Array(M), new Float64Array(M)];
  let pdp = 0;
  for (let n = 0; n < M; n++) {
    const [x, y] = [2 / step - lambda[2 * n], -lambda[2 * n + 1]];
    const q = x * x + y * y;
    [dr[n], di[n]] = [x / q, -y / q];
    pdp += 2 * (P[2 * n] ** 2 + P[2 * n + 1] ** 2) * dr[n];
  }
  const [cr, ci] = [new Float64Array(M), new Float64Array(M)];
  for (let n = 0; n < M; n++) [cr[n], ci[n]] = [C[2 * n], C[2 * n + 1]];
  for (let l = 0; l < L; l++) {
    // c D - (c D P) (1 + P^H D P)^{-1} P^H D; sums over conjugate pairs are twice the real part.
    let cdp = 0;
    for (let n = 0; n < M; n++) {
      const [x, y] = [cr[n] * dr[n] - ci[n] * di[n], cr[n] * di[n] + ci[n] * dr[n]];
      cr[n] = x;
      ci[n] = y;
      cdp += 2 * (x * P[2 * n] - y * P[2 * n + 1]);
    }
    const a = cdp / (1 + pdp);
    let cp = 0;
    for (let n = 0; n < M; n++) {
      const [pr, pi] = [P[2 * n], -P[2 * n + 1]];
      cr[n] -= a * (pr * dr[n] - pi * di[n]);
      ci[n] -= a * (pr * di[n] + pi * dr[n]);
      cp += 2 * (cr[n] * P[2 * n] - ci[n] * P[2 * n + 1]);
    }
    // times (2/D + Lambda) - P P^H.
    for (let n = 0; n < M; n++) {
      const [ar, ai] = [2 / step + lambda[2 * n], lambda[2 * n + 1]];
      const [x, y] = [cr[n], ci[n]];
      cr[n] = x * ar - y * ai - cp * P[2 * n];
      ci[n] = x * ai + y * ar + cp * P[2 * n + 1];
    }
  }
  return C.map((x, i) => x - (i % 2 === 0 ? cr[i >> 1] : ci[i >> 1]));
}
