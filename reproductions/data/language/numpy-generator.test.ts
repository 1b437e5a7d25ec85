import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumpyGenerator, seedSequence } from './numpy-generator.ts';

// numpy 2.4.6.
test('SeedSequence', () => {
  assert.deepEqual(
    [...seedSequence(2357, 8)],
    [2033030410, 2334251895, 2759712655, 2521933359, 1204427501, 3788987217, 3230512719, 2363998569],
  );
  for (const seed of [-1, 0.5, 2 ** 32]) assert.throws(() => seedSequence(seed, 4), RangeError);
});

test('permutations of default_rng', () => {
  const permutation = (seed: number, n: number) => [...new NumpyGenerator(seed).permutation(n)];
  assert.deepEqual(permutation(0, 10), [4, 6, 2, 7, 3, 5, 9, 0, 8, 1]);
  assert.deepEqual(permutation(42, 10), [5, 6, 0, 7, 3, 2, 4, 9, 1, 8]);
  assert.deepEqual(permutation(2357, 10), [8, 3, 0, 9, 5, 6, 2, 7, 4, 1]);
  const long = permutation(2357, 1000);
  assert.deepEqual(long.slice(0, 10), [388, 151, 457, 984, 2, 430, 579, 824, 983, 969]);
  assert.equal(
    long.reduce((sum, value, i) => sum + value * i, 0),
    248866256,
  );
});
