import assert from 'node:assert/strict';
import test from 'node:test';
import { crossing, showCrossover } from './crossover.ts';

const at = (pairs: [number, number][]) => pairs.map(([length, ratio]) => ({ length, ratio }));
const wide = (pairs: [number, number][], part: number) =>
  at(pairs).map((p) => ({ ...p, low: p.ratio * (1 - part), high: p.ratio * (1 + part) }));

test('a ratio that is a power of the length crosses 1 where it does', () => {
  const found = crossing(at([512, 1024, 2048, 4096].map((L) => [L, (L / 1500) ** 0.7])));
  assert.equal(found?.kind, 'at');
  assert.ok(Math.abs((found?.length ?? 0) - 1500) < 1e-9);
});

test('the order of the measurements does not matter, and the last crossing counts', () => {
  const pairs: [number, number][] = [
    [4096, 2],
    [512, 1.2],
    [2048, 0.5],
    [1024, 0.8],
  ];
  const found = crossing(at(pairs));
  assert.ok(found?.kind === 'at' && Math.abs(found.length - 2048 * Math.SQRT2) < 1e-9);
});

test('outside the measured range there is no number, only the side', () => {
  assert.deepEqual(
    crossing(
      at([
        [64, 1.5],
        [128, 3],
      ]),
    ),
    { kind: 'below', length: 64 },
  );
  assert.deepEqual(
    crossing(
      at([
        [64, 0.2],
        [128, 0.9],
      ]),
    ),
    { kind: 'above', length: 128 },
  );
  assert.equal(crossing([]), null);
});

test('the interval is that of the ratios', () => {
  const pairs: [number, number][] = [
    [1000, 0.5],
    [4000, 2],
  ];
  assert.equal(showCrossover(wide(pairs, 0)), '2000 steps [2000, 2000]');
  assert.equal(showCrossover(wide(pairs, 0.2)), '2000 steps [1667, 2500]');
  assert.equal(
    showCrossover(
      wide(
        [
          [1000, 1.1],
          [2000, 3],
        ],
        0.2,
      ),
    ),
    'not within the measured range, below 1000 steps [below 1000, 1092]',
  );
  assert.equal(
    showCrossover(wide([[1000, 0.9]], 0.01)),
    'not within the measured range, above 1000 steps [above 1000, above 1000]',
  );
  assert.equal(showCrossover([]), 'not measured');
});
