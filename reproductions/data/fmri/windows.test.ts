import assert from 'node:assert/strict';
import test from 'node:test';
import { Draws } from '../draws.ts';
import { chiSquare } from '../statistics.ts';
import { splitRuns } from './split.ts';
import { drawWindow, hasStamps, STAMPS, stampOf } from './windows.ts';

const draws = new Draws(3, 'test');

test('windows: lengths, starts and hidden steps are uniform on what the published loader draws from', () => {
  const n = 40_000;
  const lengths = new Array(40).fill(0);
  const starts = new Array(9).fill(0);
  const places = new Array(10).fill(0);
  for (let i = 0; i < n; i++) {
    const { start, length, hidden } = drawWindow(draws.start(i), 200);
    assert.ok(length >= 10 && length <= 49 && start % length === 0 && start < 200 - length);
    assert.ok(hidden >= 1 && hidden < length);
    lengths[length - 10]++;
    if (length === 20) starts[start / 20]++;
    places[Math.floor(((hidden - 1) / (length - 1)) * 10)]++;
  }
  // 39 and 8 degrees of freedom at p = 0.001.
  assert.ok(chiSquare(lengths, new Array(40).fill(1 / 40), 1e12) < 72.06);
  assert.ok(chiSquare(starts, new Array(9).fill(1 / 9), 1e12) < 26.12, `${starts}`);
  assert.ok(places.every((count) => count > n / 20));
});

test('windows of short runs', () => {
  for (let i = 0; i < 200; i++) {
    assert.deepEqual(drawWindow(draws.start(i), 2), { start: 0, length: 2, hidden: 1 });
    assert.equal(drawWindow(draws.start(i), 10).length, 10);
    const eleven = drawWindow(draws.start(i), 11);
    assert.deepEqual([eleven.start, eleven.length], [0, 10]);
    const thirty = drawWindow(draws.start(i), 30);
    assert.ok(thirty.length >= 10 && thirty.length < 30 && thirty.start + thirty.length < 30);
  }
});

test('time stamps are those that single precision gives', () => {
  // sum over t < 49 of (t + 1) times the row, by numpy in float32: rint(f32(t * TR) / f32(0.2))
  const sums: Record<number, number> = {
    ...{ 0.5: 98012, 0.46: 90158, 0.7: 137074, 0.72: 141130, 0.8: 156800, 1: 196000, 1.1: 215644 },
    ...{ 1.5: 293988, 1.55: 303744, 2: 392000, 2.2: 431200, 2.5: 490012, 3: 588000, 6: 1176000 },
  };
  for (const [time, expected] of Object.entries(sums)) {
    let sum = 0;
    for (let t = 0; t < 49; t++) sum += stampOf(t, Number(time)) * (t + 1);
    assert.equal(sum, expected, `TR ${time}`);
  }
  assert.ok(stampOf(48, 6.12) < STAMPS);
  assert.ok(hasStamps(6.1) && !hasStamps(6.2));
});

test('held-out runs are those of the published split', () => {
  const names = (['000003', '000009', '001734'] as const).flatMap((set, k) =>
    Array.from({ length: [13, 144, 61][k] }, (_, i) => `ds-ds${set}_sub-${String(i).padStart(2, '0')}_task-x`),
  );
  names.sort((a, b) => (`${a}.tar` < `${b}.tar` ? -1 : 1));
  const split = splitRuns(names);
  // numpy.random.seed(1234); for each set shuffle(unique(paths)); the last max(int(0.05 n), 2), run in Python.
  const expected = [
    'ds000003_sub-06 ds000003_sub-03 ds000009_sub-36 ds000009_sub-25 ds000009_sub-68 ds000009_sub-76',
    'ds000009_sub-74 ds000009_sub-115 ds000009_sub-80 ds001734_sub-28 ds001734_sub-20 ds001734_sub-36',
  ].flatMap((line) => line.split(' ').map((name) => `ds-${name}_task-x`));
  const held = [...split.validation, ...split.test].map((i) => names[i]);
  assert.deepEqual(held.sort(), expected.sort());
  assert.equal(split.train.length, names.length - 12);
  assert.equal(new Set([...split.train, ...split.validation, ...split.test]).size, names.length);
  const sets = (part: number[]) => new Set(part.map((i) => names[i].slice(0, 11))).size;
  assert.equal(sets(split.validation), 3);
  assert.equal(sets(split.test), 3);
  assert.equal(sets(split.train.slice(0, 40)), 3); // a beginning has of every set
});
