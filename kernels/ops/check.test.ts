/** The judge itself: nothing that is wrong passes for right. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { relativeError } from './check.ts';

test('the error is relative to the largest value, absolute where there is none', () => {
  assert.equal(relativeError([1, 2, 5], [1, 2, 4]), 0.25);
  assert.equal(relativeError([0, 1e-3], [0, 0]), 1e-3);
  assert.equal(relativeError([], []), 0);
});

test('NaN, infinities and missing values are never within a tolerance', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.equal(relativeError([1, bad], [1, 2]), Number.POSITIVE_INFINITY);
    assert.equal(relativeError([1, 2], [1, bad]), Number.POSITIVE_INFINITY);
    assert.equal(relativeError([1, bad], [1, bad]), Number.POSITIVE_INFINITY);
  }
  assert.equal(relativeError([1], [1, 2]), Number.POSITIVE_INFINITY);
  assert.equal(relativeError([1, 2], []), Number.POSITIVE_INFINITY);
});
