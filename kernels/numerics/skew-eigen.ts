/**
 * Eigen-decomposition of a real skew-symmetric matrix S: the Hermitian matrix -iS = V diag(w) V^H, w ascending.
 *
 * Householder reflections bring S to tridiagonal form T (S = Q T Q^T, real); -iT is then unitarily similar, by the
 * phases (-i)^k, to a real symmetric tridiagonal matrix with zero diagonal, which implicit QL diagonalises (EISPACK's
 * tql2). Backward stable: errors of the order of 1e-16 |S|. O(n^3) real operations.
 */

export interface SkewEigen {
  n: number;
  /** Eigenvalues of -iS, ascending; they come in pairs +-w. */
  w: Float64Array;
  /** V, row-major: element (row, k) at row n + k. Column k belongs to w[k] and is defined up to a phase. */
  re: Float64Array;
  im: Float64Array;
}

/** `s`: n x n, row-major; its lower triangle is read. */
export function skewEigen(s: ArrayLike<number>, n: number): SkewEigen {
  const { off, Q } = tridiagonalise(s, n);
  const { values, Z } = symmetricTridiagonal(off, n);
  const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  const re = new Float64Array(n * n);
  const im = new Float64Array(n * n);
  // V = Q diag((-i)^j) Z: even j contribute to the real part, odd j to the imaginary.
  for (let row = 0; row < n; row++)
    for (let j = 0; j < n; j++) {
      const into = j % 2 ? im : re;
      const q = (j % 4 === 1 || j % 4 === 2 ? -1 : 1) * Q[row * n + j];
      for (let k = 0; k < n; k++) into[row * n + k] += q * Z[j * n + order[k]];
    }
  return { n, w: Float64Array.from(order, (k) => values[k]), re, im };
}

/** S = Q T Q^T with T[k+1][k] = off[k] = -T[k][k+1]. */
function tridiagonalise(s: ArrayLike<number>, n: number): { off: Float64Array; Q: Float64Array } {
  const T = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      T[i * n + j] = s[i * n + j];
      T[j * n + i] = -s[i * n + j];
    }
  const Q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) Q[i * n + i] = 1;
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k + 2 < n; k++) {
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm = Math.hypot(norm, T[i * n + k]);
    if (norm === 0) continue;
    const alpha = T[(k + 1) * n + k] > 0 ? -norm : norm;
    v.fill(0);
    for (let i = k + 1; i < n; i++) v[i] = T[i * n + k];
    v[k + 1] -= alpha;
    let square = 0;
    for (let i = k + 1; i < n; i++) square += v[i] * v[i];
    const beta = 2 / square;
    // H T H = T + v p^T - p v^T with p = beta T v, because v^T T v = 0.
    for (let i = k; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += T[i * n + j] * v[j];
      p[i] = beta * sum;
    }
    for (let i = k; i < n; i++) for (let j = k; j < n; j++) T[i * n + j] += v[i] * p[j] - p[i] * v[j];
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += Q[i * n + j] * v[j];
      for (let j = k + 1; j < n; j++) Q[i * n + j] -= beta * sum * v[j];
    }
  }
  return { off: Float64Array.from({ length: Math.max(0, n - 1) }, (_, k) => T[(k + 1) * n + k]), Q };
}

/** Eigenvalues and vectors (columns of Z) of the symmetric tridiagonal matrix with zero diagonal and off-diagonal `off`. */
function symmetricTridiagonal(off: Float64Array, n: number): { values: Float64Array; Z: Float64Array } {
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  e.set(off);
  const Z = new Float64Array(n * n);
  for (let i = 0; i < n; i++) Z[i * n + i] = 1;
  for (let l = 0; l < n; l++)
    for (let rounds = 0; ; rounds++) {
      let m = l;
      while (m + 1 < n && Math.abs(e[m]) > 1e-16 * (Math.abs(d[m]) + Math.abs(d[m + 1]))) m++;
      if (m === l) break;
      if (rounds === 60) throw new Error('the eigenvalues of a tridiagonal matrix did not converge');
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = Math.hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + (g < 0 ? -r : r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i];
        const b = c * e[i];
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        for (let k = 0; k < n; k++) {
          const z = Z[k * n + i + 1];
          Z[k * n + i + 1] = s * Z[k * n + i] + c * z;
          Z[k * n + i] = c * Z[k * n + i] - s * z;
        }
      }
      if (r === 0 && i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
    }
  return { values: d, Z };
}
