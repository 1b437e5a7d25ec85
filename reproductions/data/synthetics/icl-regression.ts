/**
 * Linear functions learnt in context (Garg et al. 2022, arXiv 2208.01066; Poli et al. 2023, Hyena:
 * x_1, w * x_1, ..., x_n -> w * x_n with x_k and w in R^dims i.i.d. standard normal and * by elements). Difficulty is
 * `dims`. No code was published; what is ours: values are rounded to float32 before they are multiplied and after, the
 * error is |y' - w * x_n|^2 / dims, so that predicting zero has 1 on average, and sizes are those of the paper's other
 * tasks. Sample i is a pure function of (seed, split, i); two that are equal would need 64 equal bits and more.
 */
import { createHash } from 'node:crypto';
import {
  type FunctionDataset,
  type FunctionHostBatch,
  requireIndices,
  type SplitName,
  splitNames,
} from '../dataset.ts';
import { Draws } from '../draws.ts';
import { hyenaSizes, ownReading } from './hyena.ts';
import { requireInteger } from './language.ts';
import { drawNormal } from './normal.ts';

export interface RegressionOptions {
  /** Default 0. */
  seed?: number;
  sizes?: Partial<Record<SplitName, number>>;
  /** n: pairs, the one to predict included. The sequence has 2 n - 1 steps. */
  points?: number;
  dims?: number;
}

export const regressionDefaults = { points: 512, dims: 4 } as const;

const RECIPE = 1;
const CHECKSUM_VALUES = 2 ** 18;

export class IclRegression implements FunctionDataset {
  readonly task = 'functions';
  readonly id = 'icl-regression';
  readonly kind = ownReading;
  readonly description: string;
  readonly checksum: string;
  readonly length: number;
  readonly sizes: Readonly<Record<SplitName, number>>;
  readonly #draws: Record<SplitName, Draws>;

  constructor(
    readonly points: number,
    readonly dims: number,
    seed: number,
    sizes: Partial<Record<SplitName, number>>,
    readonly reopen: { module: string; name: string; settings: unknown },
  ) {
    requireInteger(`${this.id}: the points`, points, 2, 2 ** 20);
    requireInteger(`${this.id}: the dimensions`, dims, 1, 2 ** 12);
    this.sizes = { ...hyenaSizes, ...sizes };
    for (const split of splitNames)
      requireInteger(`${this.id}: the examples of the ${split} split`, this.sizes[split], 1, 2 ** 24);
    this.length = 2 * points - 1;
    const stream = (split: SplitName) => new Draws(seed, `data/${this.id}/${split}`);
    this.#draws = { train: stream('train'), validation: stream('validation'), test: stream('test') };
    const { train, validation, test } = this.sizes;
    this.description =
      `${this.id} made here (linear functions of ${dims} dimensions, ${points} points, seed ${seed}, ` +
      `${train} / ${validation} / ${test} examples)`;
    const recipe = { id: this.id, recipe: RECIPE, points, dims, seed, sizes: this.sizes };
    const hash = createHash('sha256').update(JSON.stringify(recipe));
    const fit = Math.max(2, Math.floor(CHECKSUM_VALUES / (points * dims)));
    for (const split of splitNames)
      for (let i = 0; i < Math.min(fit, this.sizes[split]); i++) {
        const { x, y } = this.batch(split, [i]);
        hash.update(new Uint8Array(x.buffer)).update(new Uint8Array(y.buffer));
      }
    this.checksum = hash.digest('hex');
  }

  batch(split: SplitName, indices: ArrayLike<number>): FunctionHostBatch {
    requireIndices(this.id, split, this.sizes[split], indices);
    const { dims, length: L, points } = this;
    const B = indices.length;
    const x = new Float32Array(B * L * dims);
    const y = new Float32Array(B * dims);
    const w = new Float32Array(dims);
    for (let b = 0; b < B; b++) {
      const draws = this.#draws[split].start(indices[b]);
      for (let d = 0; d < dims; d++) w[d] = drawNormal(draws);
      let at = b * L * dims;
      for (let k = 0; k < points; k++) {
        const value = k + 1 < points ? x : y;
        const to = k + 1 < points ? at + dims : b * dims;
        for (let d = 0; d < dims; d++) {
          x[at + d] = drawNormal(draws);
          value[to + d] = w[d] * x[at + d];
        }
        at += 2 * dims;
      }
    }
    return { x, y, B, L };
  }
}

/** Opens in-context regression. */
export function openIclRegression(options: RegressionOptions = {}): IclRegression {
  const { points, dims } = { ...regressionDefaults, ...options };
  return new IclRegression(points, dims, options.seed ?? 0, options.sizes ?? {}, {
    ...{ module: import.meta.url, name: 'openIclRegression', settings: options },
  });
}
