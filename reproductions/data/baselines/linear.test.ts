import assert from 'node:assert/strict';
import test from 'node:test';
import { Draws } from '../draws.ts';
import { factor, solve } from './cholesky.ts';
import type { Features } from './features.ts';
import { nearestNeighbour } from './nearest-neighbour.ts';
import { Products } from './products.ts';
import { ridge } from './ridge.ts';

const draws = new Draws(1, 'test/baselines');
const normal = () => Math.sqrt(-2 * Math.log(1 - draws.unit())) * Math.cos(2 * Math.PI * draws.unit());
const normals = (n: number) => Float32Array.from({ length: n }, normal);

function featuresOf(values: Float32Array, d: number, labels: ArrayLike<number>): Features {
  return { n: values.length / d, d, labels, rows: (start, count) => values.slice(start * d, (start + count) * d) };
}
/** Three classes around three centres, `spread` wide. */
function clusters(n: number, d: number, centres: Float32Array, spread: number): Features {
  const labels = Array.from({ length: n }, () => draws.integer(3));
  const values = normals(n * d).map((v, i) => v * spread + centres[labels[Math.floor(i / d)] * d + (i % d)] + 5);
  return featuresOf(values, d, labels);
}

test('a factored system is solved to float64, whatever the block', async () => {
  const products = await Products.open();
  try {
    for (const n of [1, 7, 192, 193, 401]) {
      const x = normals(n * (n + 5));
      const a = new Float64Array(n * n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          for (let k = 0; k < n + 5; k++) a[i * n + j] += x[i * (n + 5) + k] * x[j * (n + 5) + k];
      const b = Float64Array.from(normals(n * 3));
      const solution = solve(a, n, 0.5, await factor(a, n, 0.5, products), b, 3);
      let off = 0;
      for (let i = 0; i < n; i++)
        for (let c = 0; c < 3; c++) {
          let sum = 0.5 * solution[i * 3 + c];
          for (let k = 0; k < n; k++) sum += a[i * n + k] * solution[k * 3 + c];
          off = Math.max(off, Math.abs(sum - b[i * 3 + c]));
        }
      assert.ok(off < 1e-9, `n ${n}: residual ${off}`);
    }
    await assert.rejects(() => factor(Float64Array.of(1, 0, 2, 1), 2, 0, products), /not positive definite: pivot 1/);
  } finally {
    await products.close();
  }
});

test('ridge regression is the same with the Gram matrix of the features and of the samples', async () => {
  const d = 40;
  const centres = normals(3 * d).map((v) => v * 0.3);
  const few = clusters(30, d, centres, 1);
  const [validation, held] = [clusters(500, d, centres, 1), clusters(500, d, centres, 1)];
  // The same samples with forty more features, which are zero, take the other branch.
  const wide = (features: Features): Features => ({
    ...features,
    d: 2 * d,
    rows: (start, count) => {
      const rows = new Float32Array(count * 2 * d);
      for (let i = 0; i < count; i++) rows.set(features.rows(start + i, 1), i * 2 * d);
      return rows;
    },
  });
  const repeated = featuresOf(
    Float32Array.from({ length: 60 * d }, (_, i) => few.rows(0, 30)[i % (30 * d)]),
    d,
    Array.from({ length: 60 }, (_, i) => few.labels[i % 30]),
  );
  // Twice the samples count as half the lambda: (2 G + 2 lambda) W = 2 b.
  const options = { classes: 3, lambdas: [2] };
  const dual = await ridge(few, validation, held, options);
  const padded = await ridge(wide(few), wide(validation), wide(held), options);
  const primal = await ridge(repeated, validation, held, { classes: 3, lambdas: [4] });
  assert.ok(dual.test > 0.5 && dual.test < 0.999, `accuracy ${dual.test}`);
  assert.equal(padded.test, dual.test);
  assert.ok(Math.abs(primal.test - dual.test) <= 1 / 500);
  assert.ok(Math.abs(primal.validation - dual.validation) <= 1 / 500);
});

test('ridge regression agrees with weights found by gradient descent, and lambda is chosen on validation', async () => {
  const d = 6;
  const centres = normals(3 * d).map((v) => v * 0.5);
  const train = clusters(200, d, centres, 1);
  const [validation, held] = [clusters(400, d, centres, 1), clusters(2000, d, centres, 1)];
  const {
    candidates,
    lambda,
    test: best,
  } = await ridge(train, validation, held, { classes: 3, lambdas: [1, 50, 1e7] });
  assert.equal(candidates.length, 3);
  for (const candidate of candidates) {
    const expected = descended(train, held, candidate.lambda);
    assert.ok(
      Math.abs(candidate.test - expected) <= 2 / 2000,
      `lambda ${candidate.lambda}: ${candidate.test}, ${expected}`,
    );
  }
  const top = Math.max(...candidates.map((c) => c.validation));
  assert.equal(candidates.find((c) => c.lambda === lambda)?.validation, top);
  assert.equal(candidates.find((c) => c.lambda === lambda)?.test, best);

  function descended({ n, labels, rows }: Features, on: Features, penalty: number): number {
    const x = Float64Array.from(rows(0, n));
    const mean = Array.from({ length: d }, (_, k) => x.reduce((s, v, i) => (i % d === k ? s + v : s), 0) / n);
    const share = [0, 1, 2].map(
      (c) => Array.from({ length: n }, (_, i) => labels[i]).filter((l) => l === c).length / n,
    );
    const weights = new Float64Array(d * 3);
    const rate = 1 / (4 * n + penalty);
    for (let step = 0; step < 3000; step++) {
      const gradient = weights.map((w) => w * penalty);
      for (let i = 0; i < n; i++)
        for (let c = 0; c < 3; c++) {
          let error = -((labels[i] === c ? 1 : 0) - share[c]);
          for (let k = 0; k < d; k++) error += (x[i * d + k] - mean[k]) * weights[k * 3 + c];
          for (let k = 0; k < d; k++) gradient[k * 3 + c] += error * (x[i * d + k] - mean[k]);
        }
      for (let i = 0; i < weights.length; i++) weights[i] -= rate * gradient[i];
    }
    const tested = on.rows(0, on.n);
    let right = 0;
    for (let i = 0; i < on.n; i++) {
      const scores = share.map((s, c) =>
        mean.reduce((sum, m, k) => sum + (tested[i * d + k] - m) * weights[k * 3 + c], s),
      );
      if (scores.indexOf(Math.max(...scores)) === on.labels[i]) right++;
    }
    return right / on.n;
  }
});

test('the nearest neighbour is the nearest one', async () => {
  const d = 12;
  const centres = normals(3 * d).map((v) => v * 0.6);
  const [train, held] = [clusters(700, d, centres, 1), clusters(600, d, centres, 1)];
  let right = 0;
  const [known, tested] = [train.rows(0, train.n), held.rows(0, held.n)];
  for (let i = 0; i < held.n; i++) {
    let [nearest, least] = [-1, Number.POSITIVE_INFINITY];
    for (let k = 0; k < train.n; k++) {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += (tested[i * d + j] - known[k * d + j]) ** 2;
      if (sum < least) [nearest, least] = [k, sum];
    }
    if (train.labels[nearest] === held.labels[i]) right++;
  }
  const accuracy = await nearestNeighbour(train, held);
  assert.ok(accuracy > 0.5 && accuracy < 0.999);
  assert.ok(Math.abs(accuracy - right / held.n) <= 1 / held.n);
  assert.equal(await nearestNeighbour(train, train), 1);
});
