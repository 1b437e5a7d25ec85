/** A set of one-second clips of single words, recorded or spoken by a synthesiser: raw samples, one class a word. */
import { createHash } from 'node:crypto';
import { type DataKind, type Dataset, type HostBatch, requireIndices, type SplitName, splitNames } from '../dataset.ts';
import type { ClipStore } from './clip-store.ts';
import type { DroppedSamples } from './dropped.ts';
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
    const { splits, words, rate, dropped } = parts;
    this.id = parts.id;
    this.kind = parts.kind;
    this.description = parts.description;
    this.reopen = parts.reopen;
    this.classes = words.length;
    this.length = CLIP / rate;
    this.input = { kind: 'real', dims: dropped ? 2 : 1 };
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
    const { splits, store, standard, rate, dropped } = this.parts;
    const { clips, labels } = splits[split];
    const B = indices.length;
    const L = this.length;
    const dims = this.input.dims;
    const { mean, factor } = standard;
    const isOne = mean.length === 1;
    const x = new Float32Array(B * L * dims);
    for (let b = 0; b < B; b++) {
      const clip = clips[indices[b]];
      const samples = store.read(clip, this.#samples);
      const mask = dropped?.mask(clip);
      for (let i = 0; i < L; i++) {
        const t = i * rate;
        const at = (b * L + i) * dims;
        const step = isOne ? 0 : t;
        const isThere = !mask || (mask[t >> 3] >> (t & 7)) & 1;
        if (isThere) x[at] = (samples[t] - mean[step]) * factor[step];
        if (mask && isThere) x[at + 1] = 1;
      }
    }
    const targets = Int32Array.from(indices, (index) => labels[index]);
    return { x, lengths: null, targets, B, rows: B, L };
  }

  close(): void {
    this.parts.store.close();
  }

  #digest(): string {
    const { splits, store, standard, rate, dropped } = this.parts;
    const hash = createHash('sha256').update(`${rate} ${dropped?.description ?? ''}`);
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
