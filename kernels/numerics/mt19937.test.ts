import assert from 'node:assert/strict';
import test from 'node:test';
import { Mt19937, torchRandperm } from './mt19937.ts';

test('MT19937 with the default seed gives the published words', () => {
  const generator = new Mt19937(5489);
  const words = Array.from({ length: 10000 }, () => generator.word());
  assert.deepEqual(words.slice(0, 3), [3499211612, 581869302, 3890346734]);
  assert.equal(words[9999], 4123659995); // the C++ standard's known answer for std::mt19937
});

test('torchRandperm permutes, by the low 32 bits of the seed', () => {
  const r = torchRandperm(1000, 7);
  assert.deepEqual(
    [...r].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.deepEqual(torchRandperm(1000, 7 + 2 ** 32), r);
  assert.notDeepEqual(torchRandperm(1000, 8), r);
  assert.deepEqual([...torchRandperm(1, 3)], [0]);
  assert.equal(torchRandperm(0, 3).length, 0);
  assert.throws(() => torchRandperm(-1, 0), /whole number/);
});
