/** The expected MAE of simple and of best predictors on simulated recordings, in closed form. Values are z = x / sd. */
import { filterPlan, stationaryVariance } from './kalman.ts';
import { type BoldModel, signalCovariance } from './model.ts';
import { WINDOW } from './windows.ts';

/** Mean absolute value of a Gaussian of standard deviation 1. */
export const MEAN_ABSOLUTE = Math.sqrt(2 / Math.PI);

export interface Floors {
  predictZero: number;
  lastValue: number;
  /** One coefficient a region, the best one. */
  ar1: number;
  /** From an endless past: the fixed point of the Kalman filter. */
  kalman: number;
  /** Knowing the sources' signals at the step itself: below what can be reached. */
  oracle: number;
}

const meanOf = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** MAE when each source's signal is known with error variance p. */
export const maeOfVariance = ({ weight, noise, sd }: BoldModel, p: number): number =>
  MEAN_ABSOLUTE * meanOf(weight.map((w, r) => Math.sqrt(w * p + noise) / sd[r]));

export function floorsOf(model: BoldModel): Floors {
  const { h, rho, weight, sd } = model;
  const next = signalCovariance(h, rho, 1);
  const correlation = weight.map((w, r) => (w * next) / (sd[r] * sd[r]));
  return {
    predictZero: MEAN_ABSOLUTE,
    lastValue: MEAN_ABSOLUTE * meanOf(correlation.map((c) => Math.sqrt(2 * (1 - c)))),
    ar1: MEAN_ABSOLUTE * meanOf(correlation.map((c) => Math.sqrt(1 - c * c))),
    kalman: maeOfVariance(model, stationaryVariance(model)),
    oracle: maeOfVariance(model, 0),
  };
}

/** The lowest expected MAE at hidden step i = 0 ... 48 of a window: the filter knows the window's first i steps only. */
export const floorOfStep = (model: BoldModel): Float64Array =>
  filterPlan(model, WINDOW - 1).variance.map((p) => maeOfVariance(model, p));

/** The lowest expected MAE over windows as `windows.ts` draws them from runs of 50 steps and more. */
export function floorOfWindows(model: BoldModel): number {
  const steps = floorOfStep(model);
  let sum = 0;
  for (let length = 10; length < WINDOW; length++)
    for (let hidden = 1; hidden < length; hidden++) sum += steps[hidden] / (length - 1);
  return sum / (WINDOW - 10);
}

/**
 * A model's MAE beside the floor: how much there is left to learn, and which share of what can be learnt (from
 * predicting 0 down to the floor) it has. The share is 1 at the floor, 0 at predicting 0.
 */
export const excessOverFloor = (mae: number, floor: number): { excess: number; learnt: number } => ({
  excess: mae - floor,
  learnt: (MEAN_ABSOLUTE - mae) / (MEAN_ABSOLUTE - floor),
});
