/** Simulated recordings beside the model that they are drawn from, and the model's floors beside published values. */
import { type Comparison, compareMeans, compareNone, compareShares, moments } from '../comparison.ts';
import { MissingFileError, splitNames } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { type BoldSim, openBoldSim } from './bold-sim.ts';
import { floorsOf, MEAN_ABSOLUTE, maeOfVariance } from './floors.ts';
import { Filter, filterPlan, stationaryVariance } from './kalman.ts';
import { errorsOf, floorsOfWindows, kalmanPredictor } from './measure.ts';
import { type BoldModel, boldModel, signalCovariance } from './model.ts';
import { repetitionTimes } from './simulate.ts';

export async function verifyBoldSim(options: VerifyOptions): Promise<Verified> {
  if (options.from !== undefined)
    throw new MissingFileError('bold-sim is simulated here: recordings in files are verified as fmri');
  const data = await openBoldSim({ ...options, sizes: { train: 320, validation: 80, test: 160 } });
  return { what: data.description, rows: [...compareKnown(), ...compareRuns(data, options.signal)], complaints: [] };
}

/** Both values with the digits that the known one has, and one more. */
function within(quantity: string, here: number, reference: string, limit: number, measure: string): Comparison {
  const digits = reference.split('.')[1].length;
  const distance = Math.abs(here - Number(reference));
  return { quantity, here: here.toFixed(digits + 1), reference, distance, limit, measure };
}

/**
 * Values of a separate computation at TR 2 s, R 1024, K 16, rho 0.9. Floor and oracle are closed forms for another draw
 * of W, whose row norms move them by about 0.001; the others were measured there on runs of 400 steps.
 */
const known = [
  { snr: 1, kalman: '0.5868', oracle: '0.5703', predictZero: '0.798', lastValue: '0.817', ar1: '0.703' },
  { snr: 2, kalman: '0.4898', oracle: '0.4697', predictZero: '0.798', lastValue: '0.682', ar1: '0.623' },
  { snr: 3, kalman: '0.4311', oracle: '0.4090', predictZero: '0.798' },
] as const;

/** The closed forms. */
export function compareKnown(): Comparison[] {
  const small = boldModel({ seed: 0, regions: 64, sources: 4, snr: 1.5, rho: 0.9 }, 2);
  const p = stationaryVariance(small);
  const flat = MEAN_ABSOLUTE * Math.sqrt((p + small.noise) / (small.q + small.noise));
  const last = (quantity: string, here: number, reference: string, half: number) =>
    within(`64 regions, 4 sources, snr 1.5: ${quantity}`, here, reference, half, 'half of the last digit');
  const rows = [
    last('signal variance q', small.q, '2.84457', 5e-6),
    last('noise variance', small.noise, '1.89638', 5e-6),
    last('best variance p', p, '0.26495', 5e-6),
    last('floor with equal row norms', flat, '0.5387', 5e-5),
  ];
  for (const { snr, kalman, oracle, predictZero, ...measured } of known) {
    const here = floorsOf(boldModel({ seed: 0, regions: 1024, sources: 16, snr, rho: 0.9 }, 2));
    const at = `TR 2 s, snr ${snr}:`;
    rows.push(
      within(`${at} Kalman floor`, here.kalman, kalman, 0.003, 'another W'),
      within(`${at} oracle`, here.oracle, oracle, 0.003, 'another W'),
      within(`${at} predict 0`, here.predictZero, predictZero, 0.0005, 'half of the last digit'),
    );
    if (!('ar1' in measured)) continue;
    rows.push(
      within(`${at} last value`, here.lastValue, measured.lastValue, 0.01, 'measured there'),
      within(`${at} AR(1), the best coefficients`, here.ar1, measured.ar1, 0.01, 'fitted and measured there'),
    );
  }
  return rows;
}

interface RunMeasures {
  model: BoldModel;
  square: number;
  product: number;
  /** Of the filter over the whole run from its 50th step on, and over how many steps. */
  mae: number;
  predicted: number;
}

/** What was drawn. Runs are independent: means over runs have the standard error of their spread. */
export function compareRuns(data: BoldSim, signal?: AbortSignal): Comparison[] {
  const runs = splitNames.flatMap((split) => data.runs[split]);
  const steps = runs.map((run) => run.steps);
  const plans = new Map(data.models.map((model) => [model, filterPlan(model, 400)]));
  let infinite = 0;
  const measured = runs.map((run): RunMeasures => {
    signal?.throwIfAborted();
    const model = data.modelOf(run);
    const z = data.reader.readAll(run);
    const R = run.regions;
    let [square, product, error] = [0, 0, 0];
    for (let at = 0; at < z.length; at++) {
      if (!Number.isFinite(z[at])) infinite++;
      square += z[at] * z[at];
      if (at >= R) product += z[at] * z[at - R];
    }
    const filter = new Filter(model, plans.get(model)!);
    for (let t = 0; t < run.steps; t++) {
      if (t >= SETTLED) {
        const prediction = filter.predict();
        for (let r = 0; r < R; r++) error += Math.abs(prediction[r] - z[t * R + r]);
      }
      filter.observe(z, t * R);
    }
    const predicted = run.steps - SETTLED;
    return {
      ...{ model, square: square / z.length, product: product / (z.length - R) },
      ...{ mae: error / (predicted * R), predicted },
    };
  });
  const total = measured.reduce((n, { predicted }) => n + predicted, 0);
  const exact = (mean: number) => ({ mean, sd: 0, n: 1 });
  const counts = repetitionTimes.map((t) => runs.filter((run) => run.repetitionTime === Math.fround(t)).length);
  const floor = (model: BoldModel) => maeOfVariance(model, stationaryVariance(model));
  const rows = [
    compareNone('values that are not finite', infinite),
    compareNone('runs shorter than 60 or longer than 400 steps', steps.filter((n) => n < 60 || n > 400).length),
    compareMeans('steps of a run', moments(steps), exact(230)),
    compareShares(`repetition times ${repetitionTimes.join(', ')} s`, counts, [0.25, 0.25, 0.25, 0.25], 1e9),
    compareMeans('mean square of a run', moments(measured.map(({ square }) => square)), exact(1)),
    compareMeans(
      'lag-1 product of a run, less its expectation',
      moments(measured.map(({ product, model }) => product - lagOne(model))),
      exact(0),
    ),
    paired(
      `best possible MAE, ${runs.length} runs, ${total} steps with ${SETTLED} and more before them`,
      measured.map(({ mae }) => mae),
      measured.map(({ model }) => floor(model)),
    ),
  ];
  for (const split of ['validation', 'test'] as const) {
    const [best] = errorsOf(data, split, [kalmanPredictor(data)], signal ? { signal } : {});
    const floors = floorsOfWindows(data, split);
    rows.push(paired(`best possible MAE, ${best.length} windows of ${split}`, best, floors));
    for (const model of data.models) {
      const own = [...best.keys()].filter((i) => data.modelOf(data.window(split, i).run) === model);
      const of = (values: Float64Array) => own.map((i) => values[i]);
      if (own.length > 1)
        rows.push(paired(`  of them ${own.length} at TR ${model.repetitionTime} s`, of(best), of(floors)));
    }
  }
  return rows;
}

/** The filter's error on each window beside the window's own floor, in standard errors of their mean difference. */
function paired(quantity: string, errors: ArrayLike<number>, floors: ArrayLike<number>): Comparison {
  const off = moments(Array.from(errors, (error, i) => error - floors[i]));
  const { distance, limit, measure } = compareMeans(quantity, off, { mean: 0, sd: 0, n: 1 });
  const shown = (values: ArrayLike<number>) => moments(values).mean.toFixed(5);
  return { quantity, here: shown(errors), reference: shown(floors), distance, limit, measure };
}

/** The filter has forgotten where it began: p is within 1e-6 of its fixed point. */
const SETTLED = 50;

const lagOne = ({ h, rho, weight, sd }: BoldModel): number => {
  const next = signalCovariance(h, rho, 1);
  return weight.reduce((sum, w, r) => sum + (w * next) / (sd[r] * sd[r]), 0) / weight.length;
};
