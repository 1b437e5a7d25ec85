/** Random matrices with orthogonal rows. */
import type { Stream } from '../tensor/random.ts';

/**
 * `rows` x `columns`, row-major: blocks of `columns` rows (the last one of those left) that are orthonormal, uniformly
 * distributed (Haar). Gram-Schmidt on normal rows, twice, so that what rounding left of their overlaps goes too.
 */
export function orthogonalRows(stream: Stream, rows: number, columns: number): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let first = 0; first < rows; first += columns)
    for (let i = first; i < Math.min(rows, first + columns); i++) {
      const x = stream.normals(columns);
      for (let pass = 0; pass < 2; pass++)
        for (let j = first; j < i; j++) {
          const y = out.subarray(j * columns, (j + 1) * columns);
          const overlap = x.reduce((sum, v, t) => sum + v * y[t], 0);
          for (let t = 0; t < columns; t++) x[t] -= overlap * y[t];
        }
      const norm = Math.hypot(...x);
      for (let t = 0; t < columns; t++) out[i * columns + t] = x[t] / norm;
    }
  return out;
}
