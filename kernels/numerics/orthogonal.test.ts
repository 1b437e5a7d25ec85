import assert from 'node:assert/strict';
import test from 'node:test';
import { Stream } from '../tensor/random.ts';
import { orthogonalRows } from './orthogonal.ts';

for (const [rows, d] of [
  [1, 1],
  [5, 1],
  [4, 4],
  [10, 6],
  [3, 8],
  [200, 64],
])
  test(`${rows} rows of ${d}: orthonormal within each block of ${d}`, () => {
    const w = orthogonalRows(new Stream(1, 'rows'), rows, d);
    assert.equal(w.length, rows * d);
    for (let i = 0; i < rows; i++)
      for (let j = i - (i % d); j <= i; j++) {
        let product = 0;
        for (let t = 0; t < d; t++) product += w[i * d + t] * w[j * d + t];
        assert.ok(Math.abs(product - (i === j ? 1 : 0)) < 1e-14, `rows ${i} and ${j}: ${product}`);
      }
  });

test('the directions are uniform: every entry has mean 0 and variance 1 / d, whatever its place', () => {
  const [d, draws] = [5, 20000];
  const stream = new Stream(2, 'haar');
  const sums = new Float64Array(d * d);
  const squares = new Float64Array(d * d);
  for (let n = 0; n < draws; n++)
    orthogonalRows(stream, d, d).forEach((x, i) => {
      sums[i] += x;
      squares[i] += x * x;
    });
  // Five standard errors; the variance of x^2 is 2 (d - 1) / (d^2 (d + 2)).
  const deviation = Math.sqrt((2 * (d - 1)) / (d * d * (d + 2) * draws));
  for (let i = 0; i < d * d; i++) {
    assert.ok(Math.abs(sums[i] / draws) < 5 / Math.sqrt(d * draws), `entry ${i}: mean ${sums[i] / draws}`);
    assert.ok(Math.abs(squares[i] / draws - 1 / d) < 5 * deviation, `entry ${i}: variance ${squares[i] / draws}`);
  }
});
