/**
 * Windows of brain recordings as batches for `models/networks/masked-regression.ts`. The steps of a window come from its
 * tar, the rest of the 50 is zero. Training windows are cut anew in every epoch; those of validation and test are fixed.
 */
import { createHash } from 'node:crypto';
import {
  type DataKind,
  requireIndices,
  type SeriesDataset,
  type SeriesHostBatch,
  type SplitName,
  splitNames,
} from '../dataset.ts';
import { Draws } from '../draws.ts';
import { FormatError } from '../formats/format-error.ts';
import type { Run } from './index-runs.ts';
import { RunReader } from './read-run.ts';
import { drawWindow, STAMPS, stampOf, WINDOW, type Window } from './windows.ts';

export interface SeriesContent {
  id: string;
  kind: DataKind;
  description: string;
  seed: number;
  /** Runs of each split, in order. */
  runs: Record<SplitName, readonly Run[]>;
  /** Windows of each run: of its first, then of its second ... */
  windows: Record<SplitName, number>;
  sizes?: Partial<Record<SplitName, number>> | undefined;
  reopen?: { module: string; name: string; settings: unknown };
}

/** A window and the run that it is of. */
export interface PlacedWindow extends Window {
  run: Run;
}

export class FmriSeries implements SeriesDataset {
  readonly task = 'series';
  readonly length = WINDOW;
  readonly stamps = STAMPS;
  readonly id: string;
  readonly kind: DataKind;
  readonly description: string;
  readonly regions: number;
  readonly sizes: Record<SplitName, number>;
  readonly checksum: string;
  readonly reopen?: { module: string; name: string; settings: unknown };
  readonly runs: Record<SplitName, readonly Run[]>;
  readonly reader = new RunReader();
  readonly #windows: Record<SplitName, number>;
  readonly #draws: Record<SplitName, Draws>;

  constructor(content: SeriesContent) {
    const { id, seed, runs, windows } = content;
    this.id = id;
    this.kind = content.kind;
    this.description = content.description;
    this.runs = runs;
    if (content.reopen) this.reopen = content.reopen;
    const draws = (split: SplitName) => new Draws(seed, `data/${id}/windows/${split}`);
    this.#draws = { train: draws('train'), validation: draws('validation'), test: draws('test') };
    this.#windows = windows;
    const sizes = { train: 0, validation: 0, test: 0 };
    const hash = createHash('sha256').update(`${id} ${seed} windows 1`);
    const first = splitNames.map((split) => runs[split][0]).find((run) => run)!;
    this.regions = first.regions;
    for (const split of splitNames) {
      const all = runs[split].length * windows[split];
      const size = content.sizes?.[split] ?? all;
      if (!(Number.isInteger(size) && size > 0 && size <= all))
        throw new RangeError(`${id}: the ${split} split can have 1 to ${all} windows, not ${size}`);
      sizes[split] = size;
      hash.update(`\n${split} ${size}`);
      for (const run of runs[split].slice(0, Math.ceil(size / windows[split]))) {
        if (run.regions !== this.regions)
          throw new FormatError(run.file, null, `it has ${run.regions} networks, ${first.file} has ${this.regions}`);
        if (run.infinite) throw new FormatError(run.file, null, `${run.infinite} of its values are not finite`);
        hash.update(`\n${run.name} `).update(run.digest);
      }
    }
    this.sizes = sizes;
    this.checksum = hash.digest('hex');
  }

  /** The window of a sample. */
  window(split: SplitName, index: number, epoch = 0): PlacedWindow {
    const run = this.runs[split][Math.floor(index / this.#windows[split])];
    const draws = this.#draws[split].start(index, split === 'train' ? epoch : 0);
    return { run, ...drawWindow(draws, run.steps) };
  }

  batch(split: SplitName, indices: ArrayLike<number>, epoch = 0): SeriesHostBatch {
    requireIndices(this.id, split, this.sizes[split], indices);
    const B = indices.length;
    const L = WINDOW;
    const x = new Float32Array(B * L * this.regions);
    const times = new Int32Array(B * L);
    const lengths = new Int32Array(B);
    const hidden = new Int32Array(B);
    for (let b = 0; b < B; b++) {
      const window = this.window(split, indices[b], epoch);
      this.reader.read(window.run, window.start, window.length, x, b * L * this.regions);
      for (let t = 0; t < window.length; t++) times[b * L + t] = stampOf(t, window.run.repetitionTime);
      lengths[b] = window.length;
      hidden[b] = window.hidden;
    }
    return { x, times, lengths, hidden, B, L };
  }
}
