import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { NumpyRandom } from './numpy-random.ts';
import { approximateMode, stratifiedSplit } from './stratified-split.ts';

/** What numpy and scikit-learn gave: `fixtures/stratified-split.py` makes it. */
const fixture = JSON.parse(readFileSync(new URL('../fixtures/stratified-split.json', import.meta.url), 'utf8'));
const labelsOf = (n: number, classes: number, divisor: number) =>
  Int32Array.from({ length: n }, (_, i) => Math.floor((((i * i + 7 * i) % 1009) % classes) / divisor));
const sha256 = (values: Int32Array) => createHash('sha256').update(values).digest('hex');

test('the legacy numpy stream: permutation, choice, shuffle', () => {
  const random = new NumpyRandom(fixture.random.seed);
  assert.deepEqual([...random.permutation(12)], fixture.random.permutation);
  assert.deepEqual([...random.choice([0, 1, 2, 3, 4, 5, 6, 7, 8], 4)], fixture.random.choice);
  assert.deepEqual([...random.permutation([20, 21, 22, 23, 24, 25, 26, 27, 28, 29])], fixture.random.shuffled);
  assert.throws(() => new NumpyRandom(-1), /seeds from 0 to 4294967295, not -1/);
});

test('counts of the classes, ties by lot', () => {
  for (const { counts, draws, seed, taken } of fixture.ties)
    assert.deepEqual(approximateMode(counts, draws, new NumpyRandom(seed)), taken);
});

for (const { n, classes, divisor, train, test: rest, seed, ...expected } of fixture.cases)
  test(`stratified split of ${n} samples, train ${train}, test ${rest}, seed ${seed}`, () => {
    const options = { train, seed, ...(rest === null ? {} : { test: rest }) };
    const parts = stratifiedSplit(labelsOf(n, classes, divisor), options);
    assert.deepEqual([parts.train.length, parts.test.length], expected.sizes);
    assert.deepEqual([...parts.train.subarray(0, 8)], expected.firstTrain);
    assert.deepEqual([...parts.test.subarray(0, 8)], expected.firstTest);
    assert.equal(sha256(parts.train), expected.trainSha256);
    assert.equal(sha256(parts.test), expected.testSha256);
  });

test('what cannot be split is refused', () => {
  const labels = [0, 0, 0, 1, 1, 1];
  assert.throws(() => stratifiedSplit([0, 0, 0, 1], { train: 0.5, seed: 0 }), /only one sample/);
  assert.throws(() => stratifiedSplit(labels, { train: 1, seed: 0 }), /fewer than the 2 classes/);
  assert.throws(() => stratifiedSplit(labels, { train: 5, test: 2, seed: 0 }), /more than the 6/);
  assert.throws(() => stratifiedSplit(labels, { train: 0, seed: 0 }), /train is 0/);
});
