/** Sums over batches that become a mean loss and the value that a claim is about. */
import type { HostArray } from '../../kernels/device/device.ts';
import { IGNORED } from '../data/dataset.ts';

/**
 * accuracy: share of right answers, 0..1. perplexity: e to the mean cross entropy. MAE and MSE: mean absolute and
 * mean squared error, which are the loss itself.
 */
export const metrics = ['accuracy', 'perplexity', 'MAE', 'MSE'] as const;
export type Metric = (typeof metrics)[number];

export const higherIsBetter = (metric: Metric): boolean => metric === 'accuracy';

/** What one batch came to. */
export interface Measured {
  /** Mean over `count` predictions. */
  loss: number;
  count: number;
  /** Right ones; null where that was not looked at. */
  right: number | null;
}

export class Metrics {
  #loss = 0;
  #right = 0;
  /** Predictions that count: sequences, tokens, hidden steps. */
  count = 0;

  constructor(readonly metric: Metric) {}

  add({ loss, count, right }: Measured): void {
    if (count === 0) return;
    this.#loss += loss * count;
    this.#right += right ?? 0;
    this.count += count;
  }

  get loss(): number {
    return this.#loss / this.count;
  }

  get value(): number {
    if (this.metric === 'accuracy') return this.#right / this.count;
    return this.metric === 'perplexity' ? Math.exp(this.loss) : this.loss;
  }
}

/** Targets that count, and those at which the largest of the logits (rows, classes) stands. */
export function countRight(logits: HostArray, targets: Int32Array): { right: number; count: number } {
  const rows = targets.length;
  const classes = logits.length / rows;
  let right = 0;
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (targets[row] === IGNORED) continue;
    count++;
    let best = 0;
    for (let c = 1; c < classes; c++) if (logits[row * classes + c] > logits[row * classes + best]) best = c;
    if (best === targets[row]) right++;
  }
  return { right, count };
}

/** Targets that count. */
export const counted = (targets: Int32Array): number => targets.reduce((n, t) => n + (t === IGNORED ? 0 : 1), 0);
