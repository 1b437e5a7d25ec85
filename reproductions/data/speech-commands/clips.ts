/** A set of one-second clips of single words, recorded or spoken by a synthesiser: raw samples, one class a word. */
import { createHash } from 'node:crypto';
import { type DataKind, type Dataset, type HostBatch, requireIndices, type SplitName, splitNames } from '../dataset.ts';
import type { ClipStore } from './clip-store.ts';
import type { DroppedSamples } from './dropped.ts';
import { MFCC_COEFFICIENTS, MFCC_STEPS, mfcc } from './mfcc.ts';
import type { Standard } from './standardise.ts';
import { CLIP } from './words.ts';

/** 1: all samples. 2: every second one, without a low-pass, as S4's zero-shot test at 8 kHz takes them. */
export type Rate = 1 | 2;

export interface ClipSplit {
  /** Number of each sample's clip in the store. */
  clips: Int32Array;
  labels: Int32Array;
}

export interface SpeechParts {
  id: string;
  kind: DataKind;
  description: string;
  words: readonly string[];
  store: ClipStore;
  splits: Record<SplitName, ClipSplit>;
  standard: Standard;
  rate: Rate;
  dropped?: DroppedSamples;
  /** Given: 161 steps of 20 coefficients of samples times this, and `standard` is theirs; the rate is 1, none dropped. */
  mfccOf?: number;
  /** File name of a clip of the store. */
  nameOf(clip: number): string;
  reopen: NonNullable<Dataset['reopen']>;
}

export class SpeechClips implements Dataset {
  readonly task = 'classification';
  readonly id: string;
  readonly kind: DataKind;
  readonly description: string;
  readonly input: { kind: 'real'; dims: number };
  readonly classes: number;
  readonly length: number;
  readonly sizes: Record<SplitName, number>;
  readonly checksum: string;
  readonly reopen: NonNullable<Dataset['reopen']>;
  readonly #samples = new Int16Array(CLIP);

  constructor(readonly parts: SpeechParts) {
    const { splits, words, rate, dropped, mfccOf } = parts;
    this.id = parts.id;
    this.kind = parts.kind;
    this.description = parts.description;
    this.reopen = parts.reopen;
    this.classes = words.length;
    this.length = mfccOf === undefined ? CLIP / rate : MFCC_STEPS;
    this.input = { kind: 'real', dims: mfccOf === undefined ? (dropped ? 2 : 1) : MFCC_COEFFICIENTS };
    this.sizes = {
      ...{ train: splits.train.clips.length, validation: splits.validation.clips.length },
      test: splits.test.clips.length,
    };
    this.checksum = this.#digest();
  }

  get words(): readonly string[] {
    return this.parts.words;
  }

  label(split: SplitName, index: number): number {
    return this.parts.splits[split].labels[index];
  }

  /** File name of a sample: `<word>/<speaker>_nohash_<n>.wav`. */
  nameOf(split: SplitName, index: number): string {
    return this.parts.nameOf(this.parts.splits[split].clips[index]);
  }

  /** The 16-bit samples of a clip, all 16,000. */
  samples(split: SplitName, index: number, into: Int16Array = new Int16Array(CLIP)): Int16Array {
    requireIndices(this.id, split, this.sizes[split], [index]);
    return this.parts.store.read(this.parts.splits[split].clips[index], into);
  }

  labelCounts(split: SplitName): number[] {
    const counts = new Array<number>(this.classes).fill(0);
    for (const label of this.parts.splits[split].labels) counts[label]++;
    return counts;
  }

  batch(split: SplitName, indices: ArrayLike<number>): HostBatch {
    requireIndices(this.id, split, this.sizes[split], indices);
    const { clips, labels } = this.parts.splits[split];
    const B = indices.length;
    const [L, dims] = [this.length, this.input.dims];
    const x = new Float32Array(B * L * dims);
    for (let b = 0; b < B; b++) {
      const into = x.subarray(b * L * dims, (b + 1) * L * dims);
      if (this.parts.mfccOf === undefined) this.#raw(clips[indices[b]], into);
      else this.#mfcc(clips[indices[b]], this.parts.mfccOf, into);
    }
    const targets = Int32Array.from(indices, (index) => labels[index]);
    return { x, lengths: null, targets, B, rows: B, L };
  }

  #raw(clip: number, x: Float32Array): void {
    const { store, standard, rate, dropped } = this.parts;
    const { mean, factor } = standard;
    const isOne = mean.length === 1;
    const dims = this.input.dims;
    const samples = store.read(clip, this.#samples);
    const mask = dropped?.mask(clip);
    for (let t = 0, at = 0; t < CLIP; t += rate, at += dims) {
      const step = isOne ? 0 : t;
      const isThere = !mask || (mask[t >> 3] >> (t & 7)) & 1;
      if (isThere) x[at] = (samples[t] - mean[step]) * factor[step];
      if (mask && isThere) x[at + 1] = 1;
    }
  }

  #mfcc(clip: number, unit: number, x: Float32Array): void {
    const { store, standard } = this.parts;
    const coefficients = mfcc(store.read(clip, this.#samples), unit);
    for (let i = 0; i < x.length; i++) {
      const k = i % MFCC_COEFFICIENTS;
      x[i] = (coefficients[i] - standard.mean[k]) * standard.factor[k];
    }
  }

  close(): void {
    this.parts.store.close();
  }

  #digest(): string {
    const { splits, store, standard, rate, dropped, mfccOf } = this.parts;
    const hash = createHash('sha256').update(`${rate} ${dropped?.description ?? ''}${mfccOf ? ` MFCC ${mfccOf}` : ''}`);
    hash.update(new Uint8Array(standard.mean.buffer)).update(new Uint8Array(standard.factor.buffer));
    for (const split of splitNames) {
      const { clips, labels } = splits[split];
      const rows = new Int32Array(clips.length * 2);
      clips.forEach((clip, i) => {
        rows[2 * i] = store.crc(clip);
        rows[2 * i + 1] = labels[i];
      });
      hash.update(split).update(new Uint8Array(rows.buffer));
    }
    return hash.digest('hex');
  }
}
