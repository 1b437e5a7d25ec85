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

const within = (quantity: string, here: number, reference: number, limit: number, measure: string): Comparison => ({
  ...{ quantity, here, reference, distance: Math.abs(here - reference), limit, measure },
});

/** Values of a separate computation, for another draw of W: its row norms move the floors by about 0.001. */
const KALMAN = { 1: 0.5868, 2: 0.4898, 3: 0.4311 } as const;
const ORACLE = { 1: 0.5703, 2: 0.4697, 3: 0.409 } as const;

/** The closed forms. */
export function compareKnown(): Comparison[] {
  const small = boldModel({ seed: 0, regions: 64, sources: 4, snr: 1.5, rho: 0.9 }, 2);
  const p = stationaryVariance(small);
  const flat = MEAN_ABSOLUTE * Math.sqrt((p + small.noise) / (small.q + small.noise));
  const last = (quantity: string, here: number, reference: number, half: number) =>
    within(`64 regions, 4 sources, snr 1.5: ${quantity}`, here, reference, half, 'half of the last digit');
  const rows = [
    last('signal variance q', small.q, 2.84457, 5e-6),
    last('noise variance', small.noise, 1.89638, 5e-6),
    last('best variance p', p, 0.26495, 5e-6),
    last('floor with equal row norms', flat, 0.5387, 5e-5),
  ];
  for (const snr of [1, 2, 3] as const) {
    const { kalman, oracle } = floorsOf(boldModel({ seed: 0, regions: 1024, sources: 16, snr, rho: 0.9 }, 2));
    rows.push(within(`TR 2 s, snr ${snr}: Kalman floor`, kalman, KALMAN[snr], 0.003, 'another W'));
    rows.push(within(`TR 2 s, snr ${snr}: oracle`, oracle, ORACLE[snr], 0.003, 'another W'));
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
  const known = new Map(data.models.map((model) => [model, filterPlan(model, 400)]));
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
    const filter = new Filter(model, known.get(model)!);
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
    compareMeans(
      `MAE of the Kalman filter less the floor, ${total} steps with ${SETTLED} and more before them`,
      moments(measured.map(({ mae, model }) => mae - floor(model))),
      exact(0),
    ),
  ];
  for (const split of ['validation', 'test'] as const) {
    const [best] = errorsOf(data, split, [kalmanPredictor(data)], signal ? { signal } : {});
    const floors = floorsOfWindows(data, split);
    const off = best.map((mae, i) => mae - floors[i]);
    rows.push(
      compareMeans(
        `MAE of the Kalman filter less the floor, ${off.length} windows of ${split}`,
        moments(off),
        exact(0),
      ),
    );
  }
  return rows;
}

/** The filter has forgotten where it began: p is within 1e-6 of its fixed point. */
const SETTLED = 50;

const lagOne = ({ h, rho, weight, sd }: BoldModel): number => {
  const next = signalCovariance(h, rho, 1);
  return weight.reduce((sum, w, r) => sum + (w * next) / (sd[r] * sd[r]), 0) / weight.length;
};
