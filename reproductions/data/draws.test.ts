import assert from 'node:assert/strict';
import { test } from 'node:test';
import { philox, Stream } from '../../kernels/tensor/random.ts';
import { Draws } from './draws.ts';

test('draws are Philox blocks with the sample and the attempt in the counter', () => {
  const key = new Stream(7, 'name').key;
  for (const [sample, attempt] of [
    [0, 0],
    [5, 0],
    [123456, 3],
    [4294967295, 4294967295],
  ]) {
    const draws = new Draws(7, 'name').start(sample, attempt);
    for (let block = 0; block < 3; block++) {
      const expected = philox([block, 0, sample, attempt], key);
      assert.deepEqual([draws.word(), draws.word(), draws.word(), draws.word()], expected);
    }
  }
});

test('a sample does not depend on what was drawn before it', () => {
  const draws = new Draws(1, 'x');
  draws.start(3);
  const first = [draws.word(), draws.word(), draws.unit()];
  draws.start(9);
  draws.word();
  draws.start(3);
  assert.deepEqual([draws.word(), draws.word(), draws.unit()], first);
});

test('integers are uniform and in range', () => {
  const draws = new Draws(2, 'integers').start(0);
  const counts = new Array(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[draws.integer(10)]++;
  const chi2 = counts.reduce((s, c) => s + (c - 10_000) ** 2 / 10_000, 0);
  assert.ok(chi2 < 33.7, `chi-square ${chi2} with 9 degrees of freedom`);
});

test('integers are uniform where words do not divide evenly', () => {
  // Of 2^32 words, every third of the 3 * 2^30 numbers would have two and the others one: shares of 1/2, 1/4, 1/4.
  const draws = new Draws(3, 'integers').start(0);
  const counts = [0, 0, 0];
  for (let i = 0; i < 30_000; i++) counts[draws.integer(3 * 2 ** 30) % 3]++;
  const chi2 = counts.reduce((s, c) => s + (c - 10_000) ** 2 / 10_000, 0);
  assert.ok(chi2 < 13.8, `chi-square ${chi2} with 2 degrees of freedom`);
});
