/**
 * S4 trains C~ = C (I - Abar^L) instead of C (Gu, Goel and Re 2022, arXiv 2111.00396, equation 5): the truncated
 * generating function of the kernel is then C~ (I - Abar z)^{-1} Bbar, without any power of Abar. The fold is done
 * once, when the layer is made, in float64, outside the gradient.
 *
 *   Abar = (I - D/2 A)^{-1} (I + D/2 A), D the step
 *
 * `kernels/numerics/s4-fold.ts` folds any state matrix. This one uses that HiPPO-LegS is real and lower triangular
 * before the rotation by V: repeated squaring of triangular matrices costs N^3/6 log2 L per channel, a sixth of the
 * general way, and the kernels of a channel share it: 1536 channels (an LRA model, N = 64) start in about a second.
 * Squaring is stable: the symmetric part of A is -I/2 - P P^T, so Abar does not lengthen any vector. What is squared is
 * E = Abar - I, as (I + E)^2 = I + (2 E + E^2): for small steps E is small, and a power of Abar itself would multiply what
 * rounding leaves beside I by L.
 */
import { legs } from '../../kernels/numerics/hippo.ts';
import type { Legs } from './legs.ts';

/** Folds C (channels, H, N/2) of complex pairs in place; `steps` (H) holds D of each channel. */
export function foldLegs(C: Float64Array, steps: ArrayLike<number>, start: Legs, L: number): void {
  const { modes: M, V } = start;
  const H = steps.length;
  const N = 2 * M;
  const { A } = legs(N);
  for (let h = 0; h < H; h++) {
    const rows: number[] = [];
    for (let row = h; 2 * row * M < C.length; row += H) rows.push(2 * row * M);
    // The real row vector C V^H of the unrotated system: conjugate pairs add up to twice the real part.
    const real = rows.map((at) => {
      const c = new Float64Array(N);
      for (let j = 0; j < N; j++)
        for (let n = 0; n < M; n++)
          c[j] += 2 * (C[at + 2 * n] * V[2 * (j * M + n)] + C[at + 2 * n + 1] * V[2 * (j * M + n) + 1]);
      return c;
    });
    const changes = timesPower(real, bilinear(A, N, steps[h]), N, L);
    rows.forEach((at, r) => {
      for (let n = 0; n < M; n++) {
        let re = 0;
        let im = 0;
        for (let j = 0; j < N; j++) {
          re -= changes[r][j] * V[2 * (j * M + n)];
          im -= changes[r][j] * V[2 * (j * M + n) + 1];
        }
        C[at + 2 * n] = re;
        C[at + 2 * n + 1] = im;
      }
    });
  }
}

/** E = Abar - I = (I - D/2 A)^{-1} D A of a lower triangular A, by forward substitution. */
function bilinear(A: Float64Array, N: number, step: number): Float64Array {
  const X = new Float64Array(N * N);
  const half = step / 2;
  for (let i = 0; i < N; i++)
    for (let j = 0; j <= i; j++) {
      let s = step * A[i * N + j];
      for (let k = j; k < i; k++) s += half * A[i * N + k] * X[k * N + j];
      X[i * N + j] = s / (1 - half * A[i * N + i]);
    }
  return X;
}

/** c (I + E)^L - c of row vectors c and a lower triangular E. */
function timesPower(rows: Float64Array[], E: Float64Array, N: number, L: number): Float64Array[] {
  const changes = rows.map(() => new Float64Array(N));
  let power = E;
  for (let rest = L; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1)
      changes.forEach((change, r) => {
        const more = rowTimes(
          rows[r].map((x, i) => x + change[i]),
          power,
          N,
        );
        for (let i = 0; i < N; i++) change[i] += more[i];
      });
    if (rest > 1) {
      const square = triangularSquare(power, N);
      power = power.map((x, i) => 2 * x + square[i]);
    }
  }
  return changes;
}

function rowTimes(c: Float64Array, M: Float64Array, N: number): Float64Array {
  const out = new Float64Array(N);
  for (let i = 0; i < N; i++) for (let j = 0; j <= i; j++) out[j] += c[i] * M[i * N + j];
  return out;
}

function triangularSquare(M: Float64Array, N: number): Float64Array {
  const out = new Float64Array(N * N);
  for (let i = 0; i < N; i++)
    for (let k = 0; k <= i; k++) {
      const x = M[i * N + k];
      for (let j = 0; j <= k; j++) out[i * N + j] += x * M[k * N + j];
    }
  return out;
}
