/** Simulated recordings (`model.ts`), written as tars in the layout of the real ones. */
import { join } from 'node:path';
import { type CacheArrays, writeAtomically } from '../cache.ts';
import { Draws } from '../draws.ts';
import { pickleFloat32, pickleFloat32Array } from '../formats/pickle-write.ts';
import { writeTar } from '../formats/tar-write.ts';
import type { Range } from '../pool.ts';
import { normalOfWord } from '../portable-math.ts';
import { type BoldModel, boldModel, mixingMatrix, type SimulationSettings } from './model.ts';

/** Repetition times, drawn with equal chances for each run. */
export const repetitionTimes = [0.72, 1, 2, 2.5] as const;
const SHORTEST = 60;
const LONGEST = 400;

/** Steps, 60 to 400, and repetition time of a run. */
export function planOf({ seed }: SimulationSettings, run: number): { steps: number; repetitionTime: number } {
  const draws = new Draws(seed, 'data/bold-sim/plan').start(run);
  const steps = SHORTEST + draws.integer(LONGEST - SHORTEST + 1);
  return { steps, repetitionTime: repetitionTimes[draws.integer(repetitionTimes.length)] };
}

/** z of a run, (steps, R): sources first, then the noise step by step. */
export function simulateRun(seed: number, model: BoldModel, run: number, steps: number): Float32Array {
  const { h, rho, regions: R, sources: K, mixing, noise, sd } = model;
  const draws = new Draws(seed, 'data/bold-sim/run').start(run);
  const normal = () => normalOfWord(draws.word());
  const before = h.length - 1;
  const fresh = Math.sqrt(1 - rho * rho);
  const signals = new Float64Array(steps * K);
  const drive = new Float64Array(before + steps);
  for (let k = 0; k < K; k++) {
    drive[0] = normal();
    for (let t = 1; t < drive.length; t++) drive[t] = rho * drive[t - 1] + fresh * normal();
    for (let t = 0; t < steps; t++) {
      let sum = 0;
      for (let m = 0; m < h.length; m++) sum += h[m] * drive[before + t - m];
      signals[t * K + k] = sum;
    }
  }
  const sigma = Math.sqrt(noise);
  const z = new Float32Array(steps * R);
  for (let t = 0; t < steps; t++)
    for (let r = 0; r < R; r++) {
      let x = sigma * normal();
      for (let k = 0; k < K; k++) x += mixing[r * K + k] * signals[t * K + k];
      z[t * R + r] = x / sd[r];
    }
  return z;
}

/** Name of the set: nobody is to take these tars for recordings. */
export const SIMULATED = 'boldsim';
const nameOf = (run: number): string => `ds-${SIMULATED}_sub-${String(run).padStart(6, '0')}_task-rest_run-1`;
export const tarOf = (folder: string, run: number): string =>
  join(folder, 'data', 'upstream', SIMULATED, `${nameOf(run)}.tar`);

function tarBytes(run: number, z: Float32Array, shape: [number, number], repetitionTime: number): Uint8Array {
  const name = nameOf(run);
  return writeTar([
    { path: `${name}.bold.pyd`, bytes: pickleFloat32Array(z, shape) },
    { path: `${name}.t_r.pyd`, bytes: pickleFloat32(repetitionTime) },
  ]);
}

/** Bytes of the tar of a run of so many steps. */
export function tarSize(regions: number, steps: number): number {
  const blocks = (n: number) => 512 * (1 + Math.ceil(n / 512));
  const array = pickleFloat32Array(new Float32Array(0), [0, regions]).length + 4 * regions * steps;
  return blocks(array) + blocks(pickleFloat32(1).length) + 1024;
}

/** Writes some of the runs. Exported for the workers of the pool, which find it by its name. */
export function writeRuns(
  { simulation, folder, runs }: { simulation: SimulationSettings; folder: string; runs: readonly number[] },
  range: Range,
): CacheArrays {
  const { seed, regions } = simulation;
  const mixing = mixingMatrix(simulation);
  for (const run of runs.slice(range.start, range.start + range.count)) {
    const { steps, repetitionTime } = planOf(simulation, run);
    const z = simulateRun(seed, boldModel(simulation, repetitionTime, mixing), run, steps);
    writeAtomically(tarOf(folder, run), [tarBytes(run, z, [steps, regions], repetitionTime)]);
  }
  return { written: Int32Array.of(range.count) };
}
