import assert from 'node:assert/strict';
import test from 'node:test';
import { Draws } from '../draws.ts';
import { bandRidge, rawRidge } from './baselines.ts';
import type { Clips } from './features.ts';
import { columnsOf, standardised } from './features.ts';
import { CLIP } from './words.ts';

/** Class c is a short tone of its own pitch, with random phase, place and loudness. */
const tones = (n: number, seed: number): Clips => {
  const draws = new Draws(seed, 'tones');
  const labels = Int32Array.from({ length: n }, (_, i) => i % 4);
  return {
    labels,
    read(index, into) {
      draws.start(index);
      const hertz = 300 * 2 ** labels[index] * (0.95 + 0.1 * draws.unit());
      const phase = 7 * draws.unit();
      const start = draws.integer(CLIP - 4000);
      const loud = 3000 + draws.integer(9000);
      for (let i = 0; i < CLIP; i++) {
        const isOn = i >= start && i < start + 4000;
        into[i] = (isOn ? loud * Math.sin((2 * Math.PI * hertz * i) / CLIP + phase) : 0) + draws.integer(9) - 4;
      }
      return into;
    },
  };
};

test('tones at random places: energies of bands tell them apart, raw samples do not', async () => {
  const [train, validation, held] = [tones(64, 1), tones(32, 2), tones(64, 3)];
  const [first, second] = await bandRidge(4, train, validation, [held, train], {});
  assert.ok(first.test > 0.95, `bands: ${first.test}`);
  assert.ok(second.test > 0.95);
  const raw = await rawRidge(4, train, validation, held, {});
  assert.ok(raw.test < 0.5, `raw: ${raw.test}`);
});

test('columns of the training rows get mean 0 and sd 1; the others the same map', () => {
  const rows = Float32Array.of(1, 5, 3, 5, 5, 5);
  const columns = columnsOf(rows, 2);
  const sd = Math.sqrt(8 / 3);
  assert.ok(Math.abs(columns.sd[0] - sd) < 1e-6 && columns.sd[1] === 1);
  const { rows: read, n, d } = standardised(rows, [0, 1, 0], columns);
  assert.deepEqual([n, d], [3, 2]);
  assert.deepEqual([...read(1, 2)], [0, 0, Math.fround(2 / sd), 0]);
  assert.deepEqual([...rows], [1, 5, 3, 5, 5, 5]);
});
