import assert from 'node:assert/strict';
import test from 'node:test';
import { UsageError } from './errors.ts';
import { choose, count, lengths, list, showLength, suggestion } from './options.ts';

test('lengths: lists, doubling, other factors, steps; sorted, each once', () => {
  assert.deepEqual(lengths('4k,1k,2k,1024'), [1024, 2048, 4096]);
  assert.deepEqual(lengths('1k..8k'), [1024, 2048, 4096, 8192]);
  assert.deepEqual(lengths('1k..64k*4'), [1024, 4096, 16384, 65536]);
  assert.deepEqual(lengths('100..500+200'), [100, 300, 500]);
  assert.deepEqual(lengths(['1', 3]), [1, 3]);
  assert.equal(lengths(undefined), undefined);
});

test('lengths that mean nothing are refused with a sentence', () => {
  for (const bad of ['', 'abc', '0', '-5', '1.5', '4k..1k', '1..8*1', '1k..', '1..100000+1'])
    assert.throws(() => lengths(bad), UsageError, bad);
});

test('counts', () => {
  assert.equal(count('1.5k', 'width'), 1536);
  assert.equal(count(7, 'width'), 7);
  assert.equal(count(0, 'seed', 0), 0);
  assert.throws(() => count('many', 'width'), /--width many: give a whole number/);
});

test('lists join repeated options and commas', () => {
  assert.deepEqual(list(['a,b', 'c']), ['a', 'b', 'c']);
  assert.deepEqual(list(7), ['7']);
  assert.equal(list(undefined), undefined);
});

test('an unknown name is answered with the nearest one', () => {
  assert.throws(
    () => choose('suite', 'lra-sped', ['gemm', 'lra-speed']),
    /no suite "lra-sped". Did you mean "lra-speed"\?/,
  );
  assert.equal(choose('suite', 'gemm', ['gemm', 'lra-speed']), 'gemm');
  assert.equal(suggestion('zzzzzzzz', ['cpu', 'reference']), '');
  assert.equal(suggestion('ref', ['cpu', 'reference']), ' Did you mean "reference"?');
});

test('lengths are shown as people write them', () => {
  assert.deepEqual([1024, 4000, 65536, 2 ** 20].map(showLength), ['1K', '4000', '64K', '1M']);
});
