/**
 * Symmetric positive definite systems. The factor is computed block by block: the diagonal blocks in float64, what lies
 * below and right of them by float32 products, sums in float64; solutions are then refined in float64 against the matrix
 * itself, so that they are those of the system and not of its rounded factor.
 */
import type { Products } from './products.ts';

const BLOCK = 192;

/** The lower triangle of L, a + shift I = L L^T, for `a` (n, n). Throws a `RangeError` when a pivot is not positive. */
export async function factor(a: Float64Array, n: number, shift: number, products: Products): Promise<Float64Array> {
  const l = a.slice();
  for (let i = 0; i < n; i++) l[i * n + i] += shift;
  for (let j0 = 0; j0 < n; j0 += BLOCK) {
    const width = Math.min(BLOCK, n - j0);
    const below = n - j0 - width;
    const inverse = factorBlock(l, n, j0, width);
    if (!below) break;
    const panel = new Float32Array(below * width);
    for (let i = 0; i < below; i++) {
      const at = (j0 + width + i) * n + j0;
      panel.set(l.subarray(at, at + width), i * width);
    }
    const lower = await products.timesTransposed(panel, inverse, width);
    for (let i = 0; i < below; i++) l.set(lower.subarray(i * width, (i + 1) * width), (j0 + width + i) * n + j0);
    const taken = await products.timesTransposed(lower, lower, width);
    for (let i = 0; i < below; i++) {
      const at = (j0 + width + i) * n + j0 + width;
      for (let k = 0; k <= i; k++) l[at + k] -= taken[i * below + k];
    }
  }
  return l;
}

/** Factors a diagonal block in place and returns the inverse of its factor, (width, width). */
function factorBlock(l: Float64Array, n: number, j0: number, width: number): Float32Array {
  const at = (i: number, k: number) => (j0 + i) * n + j0 + k;
  const inverse = new Float64Array(width * width);
  for (let j = 0; j < width; j++)
    for (let i = j; i < width; i++) {
      let sum = l[at(i, j)];
      for (let k = 0; k < j; k++) sum -= l[at(i, k)] * l[at(j, k)];
      if (i === j && !(sum > 0)) throw new RangeError(`the matrix is not positive definite: pivot ${j0 + j} is ${sum}`);
      l[at(i, j)] = i === j ? Math.sqrt(sum) : sum / l[at(j, j)];
    }
  for (let c = 0; c < width; c++)
    for (let i = c; i < width; i++) {
      let sum = i === c ? 1 : 0;
      for (let k = c; k < i; k++) sum -= l[at(i, k)] * inverse[k * width + c];
      inverse[i * width + c] = sum / l[at(i, i)];
    }
  return Float32Array.from(inverse);
}

/** x (n, count) with (a + shift I) x = b, from its factor, refined until the residual no longer halves. */
export function solve(
  a: Float64Array,
  n: number,
  shift: number,
  l: Float64Array,
  b: Float64Array,
  count: number,
): Float64Array {
  const x = substituted(l, n, b, count);
  let before = Number.POSITIVE_INFINITY;
  for (let step = 0; step < 5; step++) {
    const residual = residualOf(a, n, shift, x, b, count);
    let largest = 0;
    for (const value of residual) largest = Math.max(largest, Math.abs(value));
    if (!(largest > 0 && largest < before / 2)) break;
    before = largest;
    const correction = substituted(l, n, residual, count);
    for (let i = 0; i < x.length; i++) x[i] += correction[i];
  }
  return x;
}

/** b - (a + shift I) x. Only the lower triangle of `a` is read. */
function residualOf(a: Float64Array, n: number, shift: number, x: Float64Array, b: Float64Array, count: number) {
  const residual = b.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) {
      const value = a[i * n + k];
      for (let c = 0; c < count; c++) {
        residual[i * count + c] -= value * x[k * count + c];
        residual[k * count + c] -= value * x[i * count + c];
      }
    }
    for (let c = 0; c < count; c++) residual[i * count + c] -= (a[i * n + i] + shift) * x[i * count + c];
  }
  return residual;
}

function substituted(l: Float64Array, n: number, b: Float64Array, count: number): Float64Array {
  const x = b.slice();
  const eliminate = (row: number, by: number, factor: number) => {
    for (let c = 0; c < count; c++) x[row * count + c] -= factor * x[by * count + c];
  };
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) eliminate(i, k, l[i * n + k]);
    for (let c = 0; c < count; c++) x[i * count + c] /= l[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let c = 0; c < count; c++) x[i * count + c] /= l[i * n + i];
    for (let k = 0; k < i; k++) eliminate(k, i, l[i * n + k]);
  }
  return x;
}
