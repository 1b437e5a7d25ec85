/**
 * Learning-rate schedules, as factors of a group's base rate. Step i counts from 0; w = warmup steps, T = total.
 *
 * For i < w the factor is i / w (`zero`: step 0 has rate 0, Hugging Face's convention), (i + 1) / w (`one`,
 * safari's) or f + (1 - f) i / w (a number f, timm's: its first rate over the base rate). From i = w on:
 *
 *   constant  1
 *   cosine    eta + (1 - eta) (1 + cos(pi (i - w) / (T - w))) / 2       Loshchilov & Hutter 2017
 *             eta + (1 - eta) (1 + cos(pi i / T)) / 2                   with `cosineFrom: 'start'`, timm's: the
 *             warm-up hides its beginning, and the rate falls a little where that ends
 *   linear    eta + (1 - eta) (T - i) / (T - w)
 *   invsqrt   1 at i = w, then 1 / sqrt(i); its warm-up is i / w^1.5 or (i + 1) / w^1.5: safari's, jump included
 *
 * with eta = minFactor; invsqrt never falls below it. Past T the last value of cosine and linear, eta, stays.
 *
 * timm's first and last rates are the same numbers for every group of parameters; here they are shares of each group's
 * own rate, which is the same where all groups learn at the base rate.
 */
export const scheduleKinds = ['constant', 'cosine', 'linear', 'invsqrt'] as const;
export type ScheduleKind = (typeof scheduleKinds)[number];

export interface Schedule {
  kind: ScheduleKind;
  warmup: number;
  total: number;
  /** Rate of step 0: 0, 1/w or this share of the base rate. */
  warmupFrom: 'zero' | 'one' | number;
  minFactor: number;
  /** Where the cosine is at 1: at the end of the warm-up (default), or at step 0. */
  cosineFrom?: 'warmup' | 'start';
}

/** The factor of step i. */
export function scheduleFactor(schedule: Schedule, i: number): number {
  const { kind, warmup: w, total: T, minFactor: eta, cosineFrom } = schedule;
  if (i < w) return rising(schedule, i);
  const begin = kind === 'cosine' && cosineFrom === 'start' ? 0 : w;
  const done = T > begin ? Math.min(1, (i - begin) / (T - begin)) : 1;
  switch (kind) {
    case 'constant':
      return 1;
    case 'cosine':
      return eta + ((1 - eta) * (1 + Math.cos(Math.PI * done))) / 2;
    case 'linear':
      return eta + (1 - eta) * (1 - done);
    case 'invsqrt':
      return i === w ? 1 : Math.max(eta, 1 / Math.sqrt(i));
  }
}

function rising({ kind, warmup: w, warmupFrom }: Schedule, i: number): number {
  if (typeof warmupFrom === 'number')
    return (warmupFrom + (1 - warmupFrom) * (i / w)) / (kind === 'invsqrt' ? w ** 0.5 : 1);
  return (warmupFrom === 'zero' ? i : i + 1) / (kind === 'invsqrt' ? w ** 1.5 : w);
}

export interface PlateauOptions {
  /** Whether a smaller or a larger metric is better. */
  mode: 'min' | 'max';
  /** By how much it must be better to count: a fraction of the best (`relative`) or a difference. */
  threshold: number;
  thresholdMode: 'relative' | 'absolute';
  /** What the rate is multiplied by. */
  factor: number;
  /** Reports without improvement that are borne. */
  patience: number;
  /** Reports after a reduction during which none is counted. */
  cooldown: number;
  minFactor: number;
}

export interface PlateauState {
  factor: number;
  best: number | null;
  bad: number;
  cooling: number;
}

/** Reduces the rate when a metric stops improving (PyTorch's ReduceLROnPlateau). */
export class Plateau {
  #state: PlateauState = { factor: 1, best: null, bad: 0, cooling: 0 };

  constructor(readonly options: PlateauOptions) {}

  get factor(): number {
    return this.#state.factor;
  }

  /** Takes a metric and returns the factor from now on. */
  report(metric: number): number {
    const { factor, patience, cooldown, minFactor } = this.options;
    const s = this.#state;
    if (this.#improves(metric)) {
      s.best = metric;
      s.bad = 0;
    } else s.bad++;
    if (s.cooling > 0) {
      s.cooling--;
      s.bad = 0;
    }
    if (s.bad > patience) {
      s.factor = Math.max(s.factor * factor, minFactor);
      s.cooling = cooldown;
      s.bad = 0;
    }
    return s.factor;
  }

  #improves(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const { best } = this.#state;
    if (best === null) return true;
    const sign = mode === 'min' ? -1 : 1;
    const bar = thresholdMode === 'relative' ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === 'min' ? metric < bar : metric > bar;
  }

  save(): PlateauState {
    return { ...this.#state };
  }
  restore(state: PlateauState): void {
    this.#state = { ...state };
  }
}
