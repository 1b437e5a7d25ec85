import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { Mt19937 } from '../../../kernels/numerics/mt19937.ts';
import { randomSplit, randperm, trainValidationSplit } from './permutation.ts';

test('the generator gives the published first words', () => {
  const generator = new Mt19937(5489);
  assert.deepEqual([generator.word(), generator.word(), generator.word()], [3499211612, 581869302, 3890346734]);
});

test('randperm is the permutation of torch.randperm', () => {
  assert.deepEqual([...randperm(10, 42)], [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
  assert.deepEqual([...randperm(10, 0)], [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]);
  assert.deepEqual([...randperm(10, 1)], [5, 6, 1, 2, 0, 8, 9, 3, 7, 4]);
  assert.deepEqual([...randperm(5, 42)], [2, 4, 3, 0, 1]);
  assert.throws(() => randperm(2 ** 28, 42), /64-bit/);
});

test('randomSplit hands out consecutive slices', () => {
  const parts = randomSplit(10, [7, 2, 1]).map((part) => [...part]);
  assert.deepEqual(parts, [[2, 6, 1, 8, 4, 5, 0], [9, 3], [7]]);
  assert.throws(() => randomSplit(10, [7, 2]), /10 samples into 7 \+ 2: the lengths must add up/);
  assert.throws(() => randomSplit(10, [7.5, 2.5]), /must add up/);
});

test('the split of CIFAR-10 covers every image once', () => {
  const [train, validation] = trainValidationSplit(50_000, 0.1);
  assert.deepEqual([train.length, validation.length], [45_000, 5_000]);
  const seen = new Uint8Array(50_000);
  for (const i of [...train, ...validation]) seen[i]++;
  assert.ok(seen.every((n) => n === 1));
  // Another implementation of the same recipe: the words of numpy's RandomState(42), which is seeded alike.
  assert.equal(
    createHash('sha256')
      .update(Int32Array.from([...train, ...validation]))
      .digest('hex'),
    '15bd7ad5aed2bf0508af90aae495c077a1208c08747afef2f8e8ab6221f86404',
  );
});
