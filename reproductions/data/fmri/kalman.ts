/**
 * How well the next step can be predicted at best. y_k = W_k' x / ||W_k|| is all that x tells of source k, and the
 * sources are independent, so there is one scalar filter for all:
 *
 *     state a_t = (u_t, ..., u_t-M+1);  a_t+1 = A a_t + noise Q:  A a shift with A_00 = rho, Q_00 = 1 - rho^2
 *     y_t = c' a_t + N(0, sigma^2),  c = h sqrt(R / K)
 *
 * and the best prediction of x_t from x_0 ... x_t-1 is W s^, s^_k = h' a_t|t-1, with error variance of region r
 * ||W_r||^2 p + sigma^2, p = h' P_t|t-1 h. What is Gaussian has the mean absolute error sqrt(2 / pi) times its standard
 * deviation, and mean and median are one, so no predictor has a lower expected MAE.
 */
import { type BoldModel, powersOf } from './model.ts';

/** The filter's data-independent part, from the stationary prior on: step t predicts from t observations. */
export interface FilterPlan {
  /** p = h' P_t|t-1 h of each step: the variance of the best prediction of a source. */
  variance: Float64Array;
  /** Gain of each step, (steps, M): the update of the state for an observation error of 1. */
  gains: Float64Array;
}

/** One update and one step ahead of P (M, M), in place; returns h' P h of before. `gain` receives P c / S. */
function advance(P: Float64Array, { h, rho, noise, regions, sources }: BoldModel, gain: Float64Array): number {
  const M = h.length;
  const scale = Math.sqrt(regions / sources);
  const Ph = new Float64Array(M);
  let variance = 0;
  for (let i = 0; i < M; i++) {
    let sum = 0;
    for (let j = 0; j < M; j++) sum += P[i * M + j] * h[j];
    Ph[i] = sum;
    variance += h[i] * sum;
  }
  const S = scale * scale * variance + noise;
  for (let i = 0; i < M; i++) gain[i] = (scale * Ph[i]) / S;
  const updated = (i: number, j: number): number => P[i * M + j] - gain[i] * scale * Ph[j];
  const next = new Float64Array(M * M);
  for (let i = 0; i < M; i++)
    for (let j = 0; j < M; j++) {
      const value = updated(i ? i - 1 : 0, j ? j - 1 : 0);
      next[i * M + j] = (i ? 1 : rho) * (j ? 1 : rho) * value;
    }
  next[0] += 1 - rho * rho;
  P.set(next);
  return variance;
}

/** cov(u_i, u_j) = rho^|i-j|: what is known of the state before anything was seen. */
function stationary({ h, rho }: BoldModel): Float64Array {
  const M = h.length;
  const powers = powersOf(rho, M);
  return Float64Array.from({ length: M * M }, (_, n) => powers[Math.abs((n % M) - Math.floor(n / M))]);
}

export function filterPlan(model: BoldModel, steps: number): FilterPlan {
  const M = model.h.length;
  const P = stationary(model);
  const variance = new Float64Array(steps);
  const gains = new Float64Array(steps * M);
  for (let t = 0; t < steps; t++) variance[t] = advance(P, model, gains.subarray(t * M, (t + 1) * M));
  return { variance, gains };
}

/** p at the fixed point of the recursion: with all of an endless past. */
export function stationaryVariance(model: BoldModel): number {
  const P = stationary(model);
  const gain = new Float64Array(model.h.length);
  let last = Number.POSITIVE_INFINITY;
  for (let t = 0; t < 100_000; t++) {
    const p = advance(P, model, gain);
    if (Math.abs(p - last) <= 1e-15 * p) return p;
    last = p;
  }
  throw new Error(
    `the Kalman recursion has no fixed point after 100,000 steps (rho ${model.rho}, TR ${model.repetitionTime})`,
  );
}

/**
 * The best prediction of z (values divided by `sd`) at step `hidden` from the steps before it: R values. `z` is
 * (steps, R) row by row.
 */
export function predictStep(model: BoldModel, plan: FilterPlan, z: ArrayLike<number>, hidden: number): Float64Array {
  const filter = new Filter(model, plan);
  for (let t = 0; t < hidden; t++) filter.observe(z, t * model.regions);
  return filter.predict();
}

/** The filter on one sequence, one step at a time; it can go on for as many steps as its plan has. */
export class Filter {
  readonly #states: Float64Array;
  readonly #observed: Float64Array;
  #step = 0;

  constructor(
    readonly model: BoldModel,
    readonly plan: FilterPlan,
  ) {
    this.#states = new Float64Array(model.sources * model.h.length);
    this.#observed = new Float64Array(model.sources);
  }

  /** Takes the R values that begin at z[at]. */
  observe(z: ArrayLike<number>, at: number): void {
    const { regions: R, sources: K, mixing, sd, h, rho } = this.model;
    const M = h.length;
    const scale = Math.sqrt(R / K);
    const gain = this.plan.gains.subarray(this.#step * M, (this.#step + 1) * M);
    const observed = this.#observed.fill(0);
    for (let r = 0; r < R; r++) {
      const x = (z[at + r] * sd[r]) / scale; // ||W_k|| = sqrt(R / K)
      for (let k = 0; k < K; k++) observed[k] += mixing[r * K + k] * x;
    }
    for (let k = 0; k < K; k++) {
      const state = this.#stateOf(k);
      const error = observed[k] - scale * inner(h, state);
      for (let i = 0; i < M; i++) state[i] += gain[i] * error;
      const newest = rho * state[0];
      state.copyWithin(1, 0, M - 1);
      state[0] = newest;
    }
    this.#step++;
  }

  /** The next step, R values. */
  predict(): Float64Array {
    const { regions: R, sources: K, mixing, sd, h } = this.model;
    const signal = Float64Array.from({ length: K }, (_, k) => inner(h, this.#stateOf(k)));
    return Float64Array.from({ length: R }, (_, r) => inner(mixing.subarray(r * K, (r + 1) * K), signal) / sd[r]);
  }

  #stateOf(k: number): Float64Array {
    const M = this.model.h.length;
    return this.#states.subarray(k * M, (k + 1) * M);
  }
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
