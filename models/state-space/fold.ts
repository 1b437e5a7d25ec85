/**
 * S4 trains C~ = C (I - Abar^L) instead of C (Gu, Goel and Re 2022, arXiv 2111.00396, equation 5): the truncated
 * generating function of the kernel is then C~ (I - Abar z)^{-1} Bbar, without any power of Abar. The fold is done
 * once, when the layer is made, in float64, outside the gradient.
 *
 *   Abar = (I - D/2 A)^{-1} (I + D/2 A), D the step
 *
 * `kernels/numerics/s4-fold.ts` folds any state matrix. This one uses that HiPPO-LegS is real and lower triangular
 * before the rotation by V: repeated squaring of triangular matrices costs N^3/6 log2 L per channel, a sixth of the
 * general way, so that the 1536 channels of an LRA model (N = 64) start in about two seconds. Squaring is stable: the
 * symmetric part of A is -I/2 - P P^T, so Abar does not lengthen any vector.
 */
import { legs } from '../../kernels/numerics/hippo.ts';
import type { Legs } from './legs.ts';

/** Folds `rows` complex row vectors of N/2 modes, (re, im) pairs, in place; `step` gives the step of a row. */
export function foldLegs(C: Float64Array, rows: number, form: Legs, step: (row: number) => number, L: number): void {
  const { modes: M, V } = form;
  const N = 2 * M;
  const { A } = legs(N);
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
