/** DSS's frequencies against their definition: eigenvalues of the skew part of a matrix that is written out here. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { legsNormalForm } from '../../kernels/numerics/hippo.ts';
import { skewModes } from './initial.ts';

test('of one mode: the square root of 3/4', () => {
  assert.ok(Math.abs(skewModes(1)[0] - Math.sqrt(0.75)) < 1e-15);
});

for (const N of [2, 7, 64, 256])
  test(`${N} modes are eigenvalues, positive, largest first`, () => {
    const n2 = 2 * N;
    const M = (n: number, k: number) => (n > k ? Math.sqrt((2 * n + 1) * (2 * k + 1)) : 0);
    const S = Array.from({ length: n2 }, (_, n) =>
      Float64Array.from({ length: n2 }, (_, k) => (M(n, k) - M(k, n)) / 2),
    );
    const w = skewModes(N);
    assert.equal(w.length, N);
    assert.ok(w.every((x, i) => x > 0 && (i === 0 || x < w[i - 1])));
    // -iS is Hermitian: |(-iS) v - w v| of a unit vector v bounds the distance of w from an eigenvalue.
    const { V } = legsNormalForm(n2);
    let worst = 0;
    for (let k = 0; k < N; k++) {
      let residual = 0;
      let size = 0;
      for (let i = 0; i < n2; i++) {
        let [a, b] = [0, 0];
        for (let j = 0; j < n2; j++) {
          a += S[i][j] * V.re[j * N + k];
          b += S[i][j] * V.im[j * N + k];
        }
        // S v = i w v
        residual += (a + w[k] * V.im[i * N + k]) ** 2 + (b - w[k] * V.re[i * N + k]) ** 2;
        size += V.re[i * N + k] ** 2 + V.im[i * N + k] ** 2;
      }
      assert.ok(Math.abs(size - 1) < 1e-12);
      worst = Math.max(worst, Math.sqrt(residual));
    }
    assert.ok(worst < 1e-12 * w[0], `off by ${worst} of ${w[0]}`);
    // The squares of all eigenvalues add up to the square of the matrix.
    const total = S.reduce((sum, row) => sum + row.reduce((s, x) => s + x * x, 0), 0);
    const ours = 2 * w.reduce((sum, x) => sum + x * x, 0);
    assert.ok(Math.abs(ours - total) < 1e-12 * total);
  });
