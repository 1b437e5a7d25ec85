/** HiPPO matrices: their normal form rebuilds them, up to the largest state in use. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { square } from './complex.ts';
import {
  clipped,
  diagonalModes,
  fourierNormalForm,
  legs,
  legsNormalForm,
  type NormalForm,
  storedModes,
} from './hippo.ts';
import { skewEigen } from './skew-eigen.ts';

/** max |V diag(lambda) V^H + its conjugate - (A + P P^T)| and max |V^H V - 1|. */
function residuals(form: NormalForm, N: number, target: (i: number, j: number) => number): [number, number] {
  const M = N / 2;
  const { re, im } = form.V;
  let rebuilt = 0;
  for (let i = 0; i < N; i++)
    for (let j = 0; j < N; j++) {
      let sum = 0;
      for (let k = 0; k < M; k++) {
        const a = re[i * M + k] * re[j * M + k] + im[i * M + k] * im[j * M + k];
        const b = im[i * M + k] * re[j * M + k] - re[i * M + k] * im[j * M + k];
        sum += 2 * (form.lambda[k].re * a - form.lambda[k].im * b);
      }
      rebuilt = Math.max(rebuilt, Math.abs(sum - target(i, j)));
    }
  let orthogonal = 0;
  for (let a = 0; a < M; a++)
    for (let b = 0; b < M; b++) {
      let x = a === b ? -1 : 0;
      let y = 0;
      for (let i = 0; i < N; i++) {
        x += re[i * M + a] * re[i * M + b] + im[i * M + a] * im[i * M + b];
        y += re[i * M + a] * im[i * M + b] - im[i * M + a] * re[i * M + b];
      }
      orthogonal = Math.max(orthogonal, Math.hypot(x, y));
    }
  return [rebuilt, orthogonal];
}

for (const N of [2, 4, 10, 64, 128, 256])
  test(`the normal form of LegS rebuilds it, N = ${N}`, () => {
    const { A, P } = legs(N);
    const form = legsNormalForm(N);
    const [rebuilt, orthogonal] = residuals(form, N, (i, j) => A[i * N + j] + P[i] * P[j]);
    const size = Math.abs(form.lambda[0].im);
    assert.ok(rebuilt <= 1e-14 * N * size, `off by ${rebuilt} of ${size}`);
    assert.ok(orthogonal <= 1e-13, `not orthogonal by ${orthogonal}`);
    form.lambda.forEach(({ re, im }, k) => {
      assert.equal(re, -0.5);
      assert.ok(im < 0 && (k === 0 || im > form.lambda[k - 1].im), 'frequencies are negative and ascend');
    });
    // B = sqrt(2) P, mode by mode; V is unitary, so the halves carry half of |P|^2.
    form.B.forEach((b, k) => {
      assert.ok(Math.abs(square(b) - 2 * square(form.P[k])) < 1e-12 * N * N);
    });
    const norm = form.P.reduce((sum, p) => sum + 2 * square(p), 0);
    assert.ok(Math.abs(norm / (N * N * 0.5) - 1) < 1e-12, `|P|^2 is ${norm}`);
  });

test('the normal form of the Fourier basis rebuilds it', () => {
  const N = 12;
  const rate = (i: number, j: number) => {
    if (i >> 1 !== j >> 1 || i === j) return 0;
    return (i % 2 ? 1 : -1) * Math.PI * (i >> 1);
  };
  const [rebuilt, orthogonal] = residuals(fourierNormalForm(N), N, rate);
  assert.ok(rebuilt < 1e-13 && orthogonal < 1e-14, `${rebuilt}, ${orthogonal}`);
});

for (const n of [1, 2, 3, 7, 20])
  test(`skew-symmetric eigenproblem of size ${n}`, () => {
    const S = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < i; j++) {
        S[i * n + j] = i === 4 ? 0 : Math.sin(7 * i + 3 * j * j);
        S[j * n + i] = -S[i * n + j];
      }
    const { w, re, im } = skewEigen(S, n);
    // -i S v = w v, that is S Im v = w Re v and -S Re v = w Im v
    for (let k = 0; k < n; k++)
      for (let i = 0; i < n; i++) {
        let a = 0;
        let b = 0;
        for (let j = 0; j < n; j++) {
          a += S[i * n + j] * im[j * n + k];
          b -= S[i * n + j] * re[j * n + k];
        }
        assert.ok(Math.abs(a - w[k] * re[i * n + k]) < 1e-13 && Math.abs(b - w[k] * im[i * n + k]) < 1e-13);
      }
    assert.deepEqual(
      [...w],
      [...w].sort((a, b) => a - b),
    );
    for (let k = 0; k < n; k++) assert.ok(Math.abs(w[k] + w[n - 1 - k]) < 1e-13, 'eigenvalues come in pairs');
  });

test('diagonal initialisations and their stored form', () => {
  const { A } = diagonalModes('lin', 8);
  assert.deepEqual(
    A.map(({ im }) => im),
    [0, 1, 2, 3].map((n) => -Math.PI * n),
  );
  const { aReal, aImag } = storedModes(A);
  assert.ok(Math.abs(Math.exp(aReal[0]) - 0.5) < 1e-15);
  assert.equal(aImag[0], 1e-4);
  assert.ok(Math.abs(diagonalModes('inv', 16).A[0].im + (16 / Math.PI) * 15) < 1e-12);
  assert.deepEqual(
    diagonalModes('real', 6).A.map(({ re }) => re),
    [-1, -2, -3],
  );
  assert.deepEqual(clipped([{ re: 5, im: -7 }]), [{ re: 5, im: -2 }]);
  assert.throws(() => legsNormalForm(7), /even/);
});
