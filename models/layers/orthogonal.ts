/** Orthogonal starts of dense maps: Saxe, McClelland and Ganguli 2014, arXiv 1312.6120. */
import type { Stream } from '../../kernels/tensor/random.ts';

/**
 * A (rows, columns) matrix with orthonormal columns (rows, if there are fewer), uniformly distributed, times `gain`:
 * the orthogonal factor of a matrix of normal values whose triangular factor has a positive diagonal.
 */
export function orthogonal(stream: Stream, rows: number, columns: number, gain = 1): Float64Array {
  const [n, m] = [Math.max(rows, columns), Math.min(rows, columns)];
  const vectors = Array.from({ length: m }, () => stream.normals(n));
  for (const [i, v] of vectors.entries()) {
    for (let j = 0; j < i; j++) {
      const u = vectors[j];
      let dot = 0;
      for (let k = 0; k < n; k++) dot += u[k] * v[k];
      for (let k = 0; k < n; k++) v[k] -= dot * u[k];
    }
    const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    for (let k = 0; k < n; k++) v[k] /= norm;
  }
  const out = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[r * columns + c] = gain * (rows >= columns ? vectors[c][r] : vectors[r][c]);
  return out;
}
