/** What simple and best predictors get on the windows of a split, measured. */
import type { SplitName } from '../dataset.ts';
import type { Baseline, WorkOptions } from '../definition.ts';
import type { BoldSim } from './bold-sim.ts';
import { floorOfStep, floorOfWindows, floorsOf } from './floors.ts';
import { type FilterPlan, filterPlan, predictStep } from './kalman.ts';
import type { FmriSeries, PlacedWindow } from './series.ts';
import { WINDOW } from './windows.ts';

/** A prediction of the hidden step from the steps (length, R) before it. */
export type Predictor = (window: PlacedWindow, z: Float32Array, regions: number) => ArrayLike<number>;

/** Mean absolute error of each window of a split. */
export function errorsOf(
  data: FmriSeries,
  split: SplitName,
  predictors: readonly Predictor[],
  { signal, progress }: WorkOptions = {},
): Float64Array[] {
  const R = data.regions;
  const z = new Float32Array(WINDOW * R);
  const errors = predictors.map(() => new Float64Array(data.sizes[split]));
  for (let i = 0; i < data.sizes[split]; i++) {
    signal?.throwIfAborted();
    const window = data.window(split, i);
    data.reader.read(window.run, window.start, window.length, z, 0);
    predictors.forEach((predict, n) => {
      const prediction = predict(window, z, R);
      let sum = 0;
      for (let r = 0; r < R; r++) sum += Math.abs(prediction[r] - z[window.hidden * R + r]);
      errors[n][i] = sum / R;
    });
    progress?.(i + 1, data.sizes[split]);
  }
  return errors;
}

export const predictZero: Predictor = (_, __, R) => new Float64Array(R);
export const lastValue: Predictor = ({ hidden }, z, R) => z.subarray((hidden - 1) * R, hidden * R);

/** Windows of training that the coefficients are fitted on, at most. */
const FITTED = 2048;

/**
 * x_t = phi_r x_t-1 with a coefficient for each region and repetition time, fitted by least squares on training
 * windows; the coefficient of all repetition times together where one does not occur in training.
 */
export function fitAr1(data: FmriSeries, { signal }: WorkOptions = {}): Predictor {
  const R = data.regions;
  const z = new Float32Array(WINDOW * R);
  const sums = new Map<number, { xy: Float64Array; xx: Float64Array }>();
  const sumsOf = (time: number) => {
    const found = sums.get(time) ?? { xy: new Float64Array(R), xx: new Float64Array(R) };
    sums.set(time, found);
    return found;
  };
  const n = Math.min(FITTED, data.sizes.train);
  for (let i = 0; i < n; i++) {
    signal?.throwIfAborted();
    const window = data.window('train', Math.floor((i * data.sizes.train) / n));
    data.reader.read(window.run, window.start, window.length, z, 0);
    for (const { xy, xx } of [sumsOf(window.run.repetitionTime), sumsOf(0)])
      for (let at = R; at < window.length * R; at++) {
        xy[at % R] += z[at] * z[at - R];
        xx[at % R] += z[at - R] * z[at - R];
      }
  }
  const coefficients = new Map(
    [...sums].map(([time, { xy, xx }]) => [time, xy.map((v, r) => (xx[r] ? v / xx[r] : 0))]),
  );
  return ({ hidden, run }, values) => {
    const phi = coefficients.get(run.repetitionTime) ?? coefficients.get(0)!;
    return phi.map((v, r) => v * values[(hidden - 1) * R + r]);
  };
}

/** The Kalman filter, started anew in every window: no predictor that sees the window alone has a lower expected MAE. */
export function kalmanPredictor(data: BoldSim): Predictor {
  const plans = new Map<object, FilterPlan>();
  return (window, z) => {
    const model = data.modelOf(window.run);
    let plan = plans.get(model);
    if (!plan) plans.set(model, (plan = filterPlan(model, WINDOW)));
    return predictStep(model, plan, z, window.hidden);
  };
}

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const mae = (method: string, errors: Float64Array): Baseline => ({ method, metric: 'MAE', value: mean(errors) });

/** Baselines of any recordings. */
export async function fmriBaselines(data: FmriSeries, options: WorkOptions): Promise<Baseline[]> {
  const [zero, last, ar1] = errorsOf(data, 'test', [predictZero, lastValue, fitAr1(data, options)], options);
  return [
    mae('predict 0', zero),
    mae('last value', last),
    mae('AR(1), one coefficient a region and repetition time, fitted on train', ar1),
  ];
}

/** The lowest expected MAE of each window of a split, in closed form. */
export function floorsOfWindows(data: BoldSim, split: SplitName): Float64Array {
  const steps = new Map(data.models.map((model) => [model, floorOfStep(model)]));
  return Float64Array.from({ length: data.sizes[split] }, (_, i) => {
    const { run, hidden } = data.window(split, i);
    return steps.get(data.modelOf(run))![hidden];
  });
}

/** Baselines of simulated recordings, each beside its expected value on the same windows. */
export async function boldSimBaselines(data: BoldSim, options: WorkOptions): Promise<Baseline[]> {
  const predictors = [predictZero, lastValue, fitAr1(data, options), kalmanPredictor(data)];
  const [zero, last, ar1, best] = errorsOf(data, 'test', predictors, options);
  const expected = new Map(data.models.map((model) => [model, floorsOf(model)]));
  const over = (key: 'predictZero' | 'lastValue' | 'ar1'): number =>
    mean(zero.map((_, i) => expected.get(data.modelOf(data.window('test', i).run))![key]));
  return [
    { ...mae('predict 0', zero), reference: over('predictZero') },
    { ...mae('last value', last), reference: over('lastValue') },
    { ...mae('AR(1), one coefficient a region and repetition time, fitted on train', ar1), reference: over('ar1') },
    {
      ...mae('best possible on these windows (Kalman filter)', best),
      reference: mean(floorsOfWindows(data, 'test')),
    },
    {
      ...{ method: 'best possible, expected over all windows (closed form)', metric: 'MAE' },
      value: mean(data.models.map(floorOfWindows)),
    },
  ];
}
