/** The check before a measurement: what is not a number is not right, wherever it stands. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { worstError } from './worst.ts';

test('the worst error is the largest; NaN before or after it, and nothing at all, fail every tolerance', () => {
  assert.deepEqual(
    worstError([
      ['y', 1e-7],
      ['grad_x', 3e-7],
      ['grad_w', 0],
    ]),
    { worst: 'grad_x', value: 3e-7 },
  );
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY])
    for (const errors of [
      [['y', bad] as const, ['grad_x', 1e-7] as const],
      [['grad_x', 1e-7] as const, ['y', bad] as const],
    ])
      assert.deepEqual(worstError(errors), { worst: 'y', value: Number.MAX_VALUE });
  assert.equal(worstError([]).value, Number.MAX_VALUE);
});
