/** Small dense complex matrices in float64: products, powers and solves (rows of `Complex`). */
import { add, type Complex, complex, div, mul, square, sub, zero } from './complex.ts';

export type ComplexMatrix = readonly (readonly Complex[])[];

export const identity = (n: number): Complex[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => complex(i === j ? 1 : 0)));

export const transpose = (a: ComplexMatrix): Complex[][] => a[0].map((_, j) => a.map((row) => row[j]));

/** Solves A x = b by elimination with partial pivoting; throws when A is singular. */
export function solve(a: ComplexMatrix, b: readonly Complex[]): Complex[] {
  const n = b.length;
  const m = a.map((row, i) => [...row, b[i]]);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (square(m[i][k]) > square(m[pivot][k])) pivot = i;
    if (square(m[pivot][k]) === 0) throw new RangeError(`a ${n} x ${n} matrix is singular`);
    [m[k], m[pivot]] = [m[pivot], m[k]];
    for (let i = k + 1; i < n; i++) {
      const f = div(m[i][k], m[k][k]);
      for (let j = k + 1; j <= n; j++) m[i][j] = sub(m[i][j], mul(f, m[k][j]));
    }
  }
  const x: Complex[] = Array(n).fill(zero);
  for (let i = n - 1; i >= 0; i--) {
    let sum = m[i][n];
    for (let j = i + 1; j < n; j++) sum = sub(sum, mul(m[i][j], x[j]));
    x[i] = div(sum, m[i][i]);
  }
  return x;
}

export const product = (a: ComplexMatrix, b: ComplexMatrix): Complex[][] => {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => row.reduce((sum, x, k) => add(sum, mul(x, column[k])), zero)));
};
