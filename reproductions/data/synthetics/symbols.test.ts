import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareShares, EXACT, holds } from '../comparison.ts';
import { Draws } from '../draws.ts';
import { drawSymbols } from './symbols.ts';

test('symbols are uniform, alone and in pairs, to any base', () => {
  for (const below of [2, 3, 9, 14, 28, 254]) {
    const n = 60_000;
    const out = new Int32Array(n);
    drawSymbols(new Draws(1, `base ${below}`).start(0), below, out, 0, n);
    const counts = new Array(below).fill(0);
    for (const s of out) counts[s]++;
    const even = compareShares('symbols', counts, new Array(below).fill(1 / below), EXACT);
    assert.ok(holds(even), `base ${below}: chi-square ${even.distance}`);
    if (below > 28) continue;
    const pairs = new Array(below * below).fill(0);
    for (let i = 0; i + 1 < n; i += 2) pairs[out[i] * below + out[i + 1]]++;
    const independent = compareShares('pairs', pairs, new Array(below * below).fill(1 / below ** 2), EXACT);
    assert.ok(holds(independent), `pairs to base ${below}: chi-square ${independent.distance}`);
  }
});

test('steps leave the places between alone; one symbol to the base one', () => {
  const out = new Uint8Array(10).fill(77);
  drawSymbols(new Draws(1, 'steps').start(0), 5, out, 1, 3, 3);
  assert.deepEqual(
    [...out.keys()].filter((i) => out[i] !== 77),
    [1, 4, 7],
  );
  drawSymbols(new Draws(1, 'one').start(0), 1, out, 0, 10);
  assert.deepEqual([...out], new Array(10).fill(0));
});
