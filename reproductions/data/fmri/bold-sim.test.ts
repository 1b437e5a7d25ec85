/** The simulated recordings: their model, their floors, their bytes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { holds, moments } from '../comparison.ts';
import { splitNames } from '../dataset.ts';
import { type BoldSimOptions, openBoldSim } from './bold-sim.ts';
import { excessOverFloor, floorOfStep, floorOfWindows, floorsOf, MEAN_ABSOLUTE, maeOfVariance } from './floors.ts';
import { filterPlan, predictStep, stationaryVariance } from './kalman.ts';
import { boldSimBaselines, errorsOf, kalmanPredictor } from './measure.ts';
import { boldModel, mixingMatrix, response, type SimulationSettings, signalCovariance } from './model.ts';
import { tarOf } from './simulate.ts';
import { compareKnown, compareRuns } from './verify-sim.ts';

let folder = '';
const previous = process.env.LONGCONV_CACHE;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-bold-'));
  process.env.LONGCONV_CACHE = folder;
});
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const small: BoldSimOptions = { regions: 48, sources: 4, sizes: { train: 320, validation: 40, test: 120 } };
const settings: SimulationSettings = { seed: 0, regions: 64, sources: 4, snr: 1.5, rho: 0.9 };

test('closed forms agree with a separate computation', () => {
  for (const row of compareKnown()) assert.ok(holds(row), JSON.stringify(row));
});

test('the response has norm 1 and the published number of taps; W has orthogonal columns of squared norm R / K', () => {
  for (const [time, taps] of [
    [0.72, 45],
    [1, 33],
    [2, 17],
    [2.5, 13],
  ]) {
    const h = response(time);
    assert.equal(h.length, taps);
    assert.ok(Math.abs(h.reduce((sum, v) => sum + v * v, 0) - 1) < 1e-14);
    // The covariance of the filtered process, from a long sum of the process's own.
    const direct = h.reduce((sum, a, i) => sum + h.reduce((s, b, j) => s + a * b * 0.9 ** Math.abs(i - j + 1), 0), 0);
    assert.ok(Math.abs(signalCovariance(h, 0.9, 1) - direct) < 1e-12);
  }
  assert.ok(response(1).indexOf(Math.max(...response(1))) === 5);
  const W = mixingMatrix(settings);
  for (let a = 0; a < 4; a++)
    for (let b = 0; b < 4; b++) {
      let dot = 0;
      for (let r = 0; r < 64; r++) dot += W[r * 4 + a] * W[r * 4 + b];
      assert.ok(Math.abs(dot - (a === b ? 16 : 0)) < 1e-12);
    }
});

test('the filter begins at the stationary prior, only gains by what it sees, and ends at the fixed point', () => {
  for (const time of [0.72, 2.5]) {
    const model = boldModel(settings, time);
    const p = stationaryVariance(model);
    const { variance } = filterPlan(model, 400);
    assert.ok(Math.abs(variance[0] - model.q) < 1e-12);
    for (let t = 1; t < 400; t++) assert.ok(variance[t] <= variance[t - 1] + 1e-12);
    assert.ok(variance[50] - p < 1e-6 * p, `${variance[50]} ${p}`);
    assert.ok(Math.abs(variance[399] - p) < 1e-12);
    const steps = floorOfStep(model);
    const { kalman, oracle, predictZero } = floorsOf(model);
    assert.ok(Math.abs(steps[0] - predictZero) < 1e-12);
    assert.ok(oracle < kalman && kalman < floorOfWindows(model) && floorOfWindows(model) < steps[1]);
  }
});

test('the filter is the conditional expectation: it solves the normal equations of a short window', () => {
  const model = boldModel({ ...settings, regions: 6, sources: 2 }, 2);
  const { regions: R, sources: K, h, rho, mixing, weight, noise, sd } = model;
  const hidden = 4;
  const n = hidden * R;
  const covariance = (s: number, r: number, t: number, v: number): number => {
    let shared = 0;
    for (let k = 0; k < K; k++) shared += mixing[r * K + k] * mixing[v * K + k];
    const signal = shared * signalCovariance(h, rho, Math.abs(t - s));
    return (signal + (s === t && r === v ? noise : 0)) / (sd[r] * sd[v]);
  };
  const z = Float64Array.from({ length: n }, (_, i) => ((i * 7) % 11) / 5 - 1);
  // Gauss elimination of C a = z; the prediction of region r is sum_i c_r,i a_i.
  const C = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_, j) => covariance(Math.floor(i / R), i % R, Math.floor(j / R), j % R)),
    z[i],
  ]);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      if (j !== i) {
        const factor = C[j][i] / C[i][i];
        for (let k = i; k <= n; k++) C[j][k] -= factor * C[i][k];
      }
  const prediction = predictStep(model, filterPlan(model, 10), z, hidden);
  for (let r = 0; r < R; r++) {
    let expected = 0;
    for (let i = 0; i < n; i++) expected += (covariance(hidden, r, Math.floor(i / R), i % R) * C[i][n]) / C[i][i];
    assert.ok(Math.abs(prediction[r] - expected) < 1e-10, `region ${r}: ${prediction[r]}, ${expected}`);
  }
  assert.ok(weight.every((w) => w > 0));
});

test('what is drawn is what the model says, and nothing does better than the floor', async () => {
  const data = await openBoldSim(small);
  const rows = compareRuns(data);
  for (const row of rows) assert.ok(holds(row), JSON.stringify(row));
  const steps = splitNames.flatMap((split) => data.runs[split].map((run) => run.steps)).reduce((a, b) => a + b);
  assert.ok(steps >= 5_000);
  // A filter with any other gain does worse, on the same windows.
  const [best] = errorsOf(data, 'test', [kalmanPredictor(data)]);
  const mean = moments(best).mean;
  for (const factor of [0.5, 1.5]) {
    const plans = new Map(data.models.map((model) => [model, filterPlan(model, 50)]));
    for (const { gains } of plans.values()) for (let i = 0; i < gains.length; i++) gains[i] *= factor;
    const [other] = errorsOf(data, 'test', [
      ({ run, hidden }, z) => predictStep(data.modelOf(run), plans.get(data.modelOf(run))!, z, hidden),
    ]);
    assert.ok(moments(other).mean > mean + 0.001, `factor ${factor}: ${moments(other).mean}, ${mean}`);
  }
});

test('baselines are near their expectations and in their order', async () => {
  const data = await openBoldSim(small);
  const baselines = await boldSimBaselines(data, {});
  // Means over 15 runs: standard errors of about 0.01.
  for (const { method, value, reference } of baselines)
    if (reference !== undefined) assert.ok(Math.abs(value - reference) < 0.06, `${method}: ${value}, ${reference}`);
  const [zero, last, ar1, best, expected] = baselines.map(({ value }) => value);
  assert.ok(zero > last && last > ar1 && ar1 > best && Math.abs(best - expected) < 0.05);
  const { excess, learnt } = excessOverFloor(0.5, 0.4);
  assert.ok(Math.abs(excess - 0.1) < 1e-15 && Math.abs(learnt - (MEAN_ABSOLUTE - 0.5) / (MEAN_ABSOLUTE - 0.4)) < 1e-15);
  assert.equal(excessOverFloor(0.4, 0.4).learnt, 1);
  const model = data.models[0];
  assert.ok(Math.abs(maeOfVariance(model, model.q) - MEAN_ABSOLUTE) < 1e-12);
});

const CHECKSUM = '0aae8c55ee12c2df954c168390706a6faa80a37499d3e4426d1acacbb196b2df';

test('the same bytes from any number of workers and under every engine; another seed, other bytes', async () => {
  const tiny: BoldSimOptions = { regions: 8, sources: 2, sizes: { train: 20, validation: 8, test: 8 } };
  const cache = process.env.LONGCONV_CACHE;
  const found: string[] = [];
  for (const workers of [1, 2]) {
    process.env.LONGCONV_CACHE = join(folder, `workers-${workers}`);
    const data = await openBoldSim({ ...tiny, workers });
    found.push(data.checksum);
    assert.deepEqual(data.sizes, tiny.sizes);
    assert.deepEqual([data.kind, data.id, data.regions], ['stand-in:bold-sim', 'bold-sim', 8]);
  }
  process.env.LONGCONV_CACHE = cache;
  assert.deepEqual(found, [CHECKSUM, CHECKSUM]);
  const other = await openBoldSim({ ...tiny, seed: 1 });
  assert.notEqual(other.checksum, CHECKSUM);
  const more = await openBoldSim({ ...tiny, sizes: { train: 40, validation: 8, test: 8 } });
  const fewer = await openBoldSim(tiny);
  assert.deepEqual(more.batch('train', [19]), fewer.batch('train', [19]));
  const { module, name, settings } = fewer.reopen!;
  assert.equal((await (await import(module))[name](settings)).checksum, CHECKSUM);
  for (const split of splitNames) assert.ok(fewer.runs[split].every(({ file }) => statSync(file).size > 0));
});

test('a truncated tar is made again', async () => {
  const tiny: BoldSimOptions = { regions: 8, sources: 2, seed: 5, sizes: { train: 8, validation: 8, test: 8 } };
  const { checksum, runs } = await openBoldSim(tiny);
  const { truncateSync } = await import('node:fs');
  truncateSync(runs.train[0].file, 1000);
  assert.equal((await openBoldSim(tiny)).checksum, checksum);
  assert.equal(runs.train[0].file, tarOf(runs.train[0].file.split('/data/upstream/')[0], 0));
});

test('settings that make no sense are refused', async () => {
  await assert.rejects(openBoldSim({ sources: 9, regions: 8 }), /8 regions and 9 sources/);
  await assert.rejects(openBoldSim({ rho: 1 }), /rho from 0 to below 1/);
  await assert.rejects(openBoldSim({ snr: 0 }), /snr must be above 0/);
  await assert.rejects(openBoldSim({ sizes: { test: 481 } }), /test split can have 1 to 480 windows, not 481/);
  await assert.rejects(openBoldSim({ folder: '/tmp' }), /reads no files/);
});
