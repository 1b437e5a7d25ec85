/** Long scans of slow states: the error does not grow with the number of steps, as that of a float32 transition does. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../device/registry.ts';
import { Stream } from '../../tensor/random.ts';
import { Tape } from '../../tensor/tape.ts';
import { relativeError } from '../check.ts';
import { diagonalScan } from './op.ts';

/**
 * The smallest steps in use, 1e-4, at S4's decay 1/2 and frequencies of every size: memories of 20,000 steps and more.
 * As float32 holds them, so that only the scan's own rounding is compared.
 */
const L = 65_536;
const decays = [-5e-5, -5e-5, -5e-5, -1e-5].map(Math.fround);
const phases = [0, 0.031, 2.9, -1.3].map(Math.fround);
const S = decays.length;

test('65536 steps of states that remember 20000', async () => {
  const v = new Stream(1, 'drive').normals(L * 2 * S).map(Math.fround);
  const run = async (id: string) => {
    using t = new Tape(await openDevice(id), { grad: false });
    const w = { logRe: t.tensor(decays, [S]), logIm: t.tensor(phases, [S]) };
    return (await diagonalScan(t, t.tensor(v, [1, L, 2 * S]), w).read()).slice();
  };
  const want = await run('reference');
  const error = relativeError(await run('cpu'), want);
  assert.ok(error < 1e-5, `off by ${error}`);

  // The same with a rounded to float32 drifts: what the remainder of a is kept for.
  const drifting = new Float64Array(want.length);
  for (let s = 0; s < S; s++) {
    const m = Math.exp(decays[s]);
    const [re, im] = [Math.fround(m * Math.cos(phases[s])), Math.fround(m * Math.sin(phases[s]))];
    let [x, y] = [0, 0];
    for (let at = s; at < want.length; at += 2 * S) {
      [x, y] = [Math.fround(re * x - im * y + v[at]), Math.fround(re * y + im * x + v[at + S])];
      drifting[at] = x;
      drifting[at + S] = y;
    }
  }
  assert.ok(relativeError(drifting, want) > 10 * error, 'without the remainder it must be far worse');
});
