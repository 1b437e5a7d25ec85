/**
 * Eigenvectors of a real skew-symmetric matrix S, as a Hermitian problem: -i S = V diag(w) V^H, w real, V unitary.
 *
 * Householder reflections bring S to skew tridiagonal form S = Q T Q^T; with D = diag(i^k) the Hermitian matrix
 * D^H (-i T) D is real, symmetric and tridiagonal with a zero diagonal; implicit QL (Golub and Van Loan, 8.3)
 * gives its eigenvectors U; V = Q D U.
 */

export interface SkewEigen {
  /** Ascending. */
  w: Float64Array;
  /** V[j, n] as (real, imaginary) at 2 (j N + n). */
  V: Float64Array;
}

export function skewEigen(S: Float64Array, N: number): SkewEigen {
  const { Q, off } = tridiagonalise(S.slice(), N);
  const { w, U } = tridiagonalQl(off, N);
  const order = Array.from(w.keys()).sort((a, b) => w[a] - w[b]);
  const V = new Float64Array(2 * N * N);
  for (let j = 0; j < N; j++)
    order.forEach((column, n) => {
      const sums = [0, 0, 0, 0];
      for (let k = 0; k < N; k++) sums[k % 4] += Q[j * N + k] * U[k * N + column];
      V[2 * (j * N + n)] = sums[0] - sums[2];
      V[2 * (j * N + n) + 1] = sums[1] - sums[3];
    });
  return { w: Float64Array.from(order, (i) => w[i]), V };
}

/** S = Q T Q^T, T skew tridiagonal with T[k+1, k] = off[k]; destroys S. */
function tridiagonalise(S: Float64Array, N: number): { Q: Float64Array; off: Float64Array } {
  const Q = new Float64Array(N * N);
  for (let i = 0; i < N; i++) Q[i * N + i] = 1;
  const v = new Float64Array(N);
  const p = new Float64Array(N);
  for (let k = 0; k + 2 < N; k++) {
    v.fill(0);
    let norm = 0;
    for (let i = k + 1; i < N; i++) norm += (v[i] = S[i * N + k]) ** 2;
    norm = Math.sqrt(norm);
    if (norm === 0) continue;
    v[k + 1] += v[k + 1] >= 0 ? norm : -norm;
    let vv = 0;
    for (let i = k + 1; i < N; i++) vv += v[i] * v[i];
    // (I - b v v^T) S (I - b v v^T) = S - b p v^T + b v p^T with p = S v, because v^T S v = 0.
    const b = 2 / vv;
    for (let i = 0; i < N; i++) {
      let s = 0;
      for (let j = k + 1; j < N; j++) s += S[i * N + j] * v[j];
      p[i] = s;
    }
    for (let i = 0; i < N; i++) for (let j = 0; j < N; j++) S[i * N + j] += b * (v[i] * p[j] - p[i] * v[j]);
    for (let i = 0; i < N; i++) {
      let s = 0;
      for (let j = k + 1; j < N; j++) s += Q[i * N + j] * v[j];
      for (let j = k + 1; j < N; j++) Q[i * N + j] -= b * s * v[j];
    }
  }
  return { Q, off: Float64Array.from({ length: N - 1 }, (_, k) => S[(k + 1) * N + k]) };
}

/** Eigenvalues w and eigenvectors (columns of U) of the symmetric tridiagonal matrix with zero diagonal. */
function tridiagonalQl(off: Float64Array, N: number): { w: Float64Array; U: Float64Array } {
  // -i T has entries -i off[k] below and i off[k] above the diagonal; D = diag(i^k) turns both into -off[k].
  const d = new Float64Array(N);
  const e = new Float64Array(N);
  for (let k = 0; k + 1 < N; k++) e[k] = -off[k];
  const U = new Float64Array(N * N);
  for (let i = 0; i < N; i++) U[i * N + i] = 1;
  for (let l = 0; l < N; l++) {
    for (let sweep = 0; ; sweep++) {
      let m = l;
      while (m + 1 < N && Math.abs(e[m]) > Number.EPSILON * (Math.abs(d[m]) + Math.abs(d[m + 1]))) m++;
      if (m === l) break;
      if (sweep === 60) throw new Error('the eigenvalue iteration of the HiPPO matrix did not converge');
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = Math.hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
      let s = 1;
      let c = 1;
      let shift = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i];
        const h = c * e[i];
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] -= shift;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - shift;
        r = (d[i] - g) * s + 2 * c * h;
        shift = s * r;
        d[i + 1] = g + shift;
        g = c * r - h;
        for (let k = 0; k < N; k++) {
          const x = U[k * N + i + 1];
          U[k * N + i + 1] = s * U[k * N + i] + c * x;
          U[k * N + i] = c * U[k * N + i] - s * x;
        }
      }
      if (r === 0 && i >= l) continue;
      d[l] -= shift;
      e[l] = g;
      e[m] = 0;
    }
  }
  return { w: d, U };
}
