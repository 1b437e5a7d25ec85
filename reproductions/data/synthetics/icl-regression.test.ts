import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds, moments } from '../comparison.ts';
import { Draws } from '../draws.ts';
import { openIclRegression } from './icl-regression.ts';
import { drawNormal } from './normal.ts';
import { regressionBaselines, verifyRegression } from './regression-statistics.ts';

const sizes = { train: 5_000, validation: 500, test: 500 };

test('6,000 examples follow from their pairs and have the moments of normals', () => {
  const { rows } = verifyRegression(openIclRegression({ points: 6, dims: 3, sizes, seed: 4 }));
  assert.equal(rows.length, 8);
  for (const row of rows) assert.ok(holds(row), `${row.quantity}: ${row.here} beside ${row.reference}`);
});

test('a spread that is 2 % off is seen, of x in few examples, of w in many', () => {
  const data = openIclRegression({ points: 32, dims: 4, sizes: { train: 8_000, validation: 1, test: 1 }, seed: 4 });
  const failing = (scaleX: number, scaleW: number) => {
    const other = Object.create(data, {
      dims: { value: data.dims },
      sizes: { value: data.sizes },
      batch: {
        value: (...args: Parameters<typeof data.batch>) => {
          const batch = data.batch(...args);
          const scaled = (v: number, at: number) => v * scaleX * (Math.floor(at / data.dims) % 2 ? scaleW : 1);
          return { ...batch, x: batch.x.map(scaled), y: batch.y.map((v) => v * scaleX * scaleW) };
        },
      },
    });
    return verifyRegression(other)
      .rows.filter((row) => !holds(row) && row.quantity.endsWith('squares'))
      .map(({ quantity }) => quantity);
  };
  assert.deepEqual(failing(1, 1), []);
  assert.deepEqual(failing(1.02, 1), ['x, mean of squares']);
  assert.deepEqual(failing(1, 1.02), ['w, mean of squares']);
});

test('a sequence is x_1, w x_1, ..., x_n and the value w x_n is asked for', () => {
  const data = openIclRegression({ points: 4, dims: 2 });
  const { x, y, B, L } = data.batch('train', [5, 1]);
  assert.deepEqual([B, L, x.length, y.length, data.length], [2, 7, 28, 4, 7]);
  for (let b = 0; b < 2; b++)
    for (let d = 0; d < 2; d++) {
      const at = (step: number) => x[(b * L + step) * 2 + d];
      const w = at(1) / at(0);
      for (const k of [2, 4]) assert.ok(Math.abs(at(k + 1) - w * at(k)) <= 1e-6 * Math.abs(at(k + 1)));
      assert.ok(Math.abs(y[b * 2 + d] - w * at(6)) <= 1e-6 * Math.abs(y[b * 2 + d]));
    }
  const alone = data.batch('train', [1]);
  assert.deepEqual([...alone.x], [...x.subarray(14)]);
  assert.deepEqual([...alone.y], [...y.subarray(2)]);
  assert.throws(() => data.batch('test', [500]), /no sample 500 in test, which has 500/);
});

test('the checksum changes with every option, and the samples are these ones on every engine', () => {
  const of = (options: Parameters<typeof openIclRegression>[0]) => openIclRegression(options).checksum;
  const all = [{}, { seed: 1 }, { points: 511 }, { dims: 5 }, { sizes: { test: 499 } }].map(of);
  assert.equal(new Set(all).size, 5);
  assert.equal(of({}), all[0]);
  assert.equal(all[0].slice(0, 8), '1989e97a');
});

test('predicting zero has the error 1, repeating 2, solving none', () => {
  const [zero, again, solved] = regressionBaselines(openIclRegression({ points: 8, dims: 8, sizes: { test: 4_000 } }));
  assert.ok(Math.abs(zero.value - 1) < 0.1, String(zero.value));
  assert.ok(Math.abs(again.value - 2) < 0.2, String(again.value));
  assert.ok(solved.value < 1e-11, String(solved.value));
});

test('normals have the distribution function of normals', () => {
  const draws = new Draws(9, 'normal').start(0);
  const values = Array.from({ length: 40_000 }, () => drawNormal(draws)).sort((a, b) => a - b);
  const { mean, sd } = moments(values);
  assert.ok(Math.abs(mean) < 0.025 && Math.abs(sd - 1) < 0.02);
  // Phi at some points, from tables; 5 standard errors of a share.
  for (const [z, share] of [
    [-3, 0.00135],
    [-2, 0.02275],
    [-1, 0.158655],
    [0, 0.5],
    [0.5, 0.691462],
    [1.5, 0.933193],
    [2.5, 0.99379],
  ]) {
    const here = values.filter((v) => v < z).length / values.length;
    assert.ok(Math.abs(here - share) < 5 * Math.sqrt((share * (1 - share)) / values.length), `P(x < ${z}) = ${here}`);
  }
});

test('options that cannot be are refused', () => {
  assert.throws(() => openIclRegression({ points: 1 }), /the points can be 2 to 1048576, not 1/);
  assert.throws(() => openIclRegression({ dims: 0 }), /the dimensions can be 1 to 4096, not 0/);
});
