/**
 * Labelled 8-bit images as sequences of their pixels: gray (LRA Image), colour (sequential CIFAR) or tokens 0..255. Real
 * input is (v / 255 - mean) / sd in float32, step by step as torchvision's ToTensor and Normalize.
 */
import { createHash } from 'node:crypto';
import { type DataKind, type Dataset, type HostBatch, requireIndices, type SplitName } from '../dataset.ts';
import type { WorkOptions } from '../definition.ts';
import { CropAndFlip } from './augment.ts';
import { luma } from './gray.ts';
import { type PixelOrder, pixelOrder } from './orders.ts';

/** How images are shown to a model. */
export interface ImageView {
  /** One channel, by `gray.ts`. Default: as the dataset is usually opened. */
  gray?: boolean;
  /**
   * Gray levels as tokens 0..255, as S4's `tokenize`. (LRA's own loader takes TensorFlow's gray levels and the first 90 %
   * of the training images; that split and those levels are not made here.)
   */
  tokenize?: boolean;
  /**
   * Default `row`. `transpose` gives every step the pixels of both the row and the column order, so twice the channels,
   * as in S4. A model that takes (H, W) needs `row`.
   */
  order?: PixelOrder;
  /** Random crops and flips in training, drawn anew in every epoch (`augment.ts`). Default false. */
  augment?: boolean;
  /** Of the augmentation. Default 0. */
  seed?: number;
}

/** Means and standard deviations of the channels, of values in [0, 1]. */
export interface Normalisation {
  gray: readonly [mean: number, sd: number];
  rgb: readonly (readonly [mean: number, sd: number])[];
}

/** Samples of one split. Splits may share their arrays. */
export interface ImageSplit {
  /** (n, 3, height, width). */
  pixels: Uint8Array;
  labels: Uint8Array;
  /** Which of them, in which order; null: all. */
  members: Int32Array | null;
  size: number;
}

export interface ImageCollection {
  id: string;
  kind: DataKind;
  /** One sentence, without the view. */
  description: string;
  height: number;
  width: number;
  classNames: readonly string[];
  normalisation: Normalisation;
  splits: Readonly<Record<SplitName, ImageSplit>>;
  /** Of all pixels, labels and splits. */
  checksum: string;
  reopen: NonNullable<Dataset['reopen']>;
}

export class ImageDataset implements Dataset {
  readonly task = 'classification';
  readonly id: string;
  readonly kind: DataKind;
  readonly description: string;
  readonly checksum: string;
  readonly reopen: NonNullable<Dataset['reopen']>;
  readonly input: Dataset['input'];
  readonly classes: number;
  /** Pixels of an image: steps of a sequence. */
  readonly length: number;
  readonly sizes: Readonly<Record<SplitName, number>>;
  readonly order: PixelOrder;
  readonly gray: boolean;
  readonly #channels: number;
  /** Pixel of each step, one list for each copy of the channels. */
  readonly #orders: Int32Array[];
  /** Normalised value of each byte by channel. */
  readonly #values: Float32Array[];
  readonly #crops: CropAndFlip | null;

  constructor(
    readonly images: ImageCollection,
    readonly view: ImageView,
  ) {
    const { height, width, normalisation } = images;
    const { tokenize = false, augment = false, order = 'row' } = view;
    this.gray = tokenize || (view.gray ?? false);
    if (tokenize && view.gray === false)
      throw new RangeError(`${images.id}: tokens are gray levels; leave "gray" out or set it`);
    if (tokenize && order === 'transpose')
      throw new RangeError(`${images.id}: the transpose order adds channels, and a token is only one number`);
    this.id = images.id;
    this.kind = images.kind;
    this.reopen = images.reopen;
    this.order = order;
    this.classes = images.classNames.length;
    this.length = height * width;
    this.#channels = this.gray ? 1 : 3;
    this.#orders = [pixelOrder(order === 'transpose' ? 'row' : order, height, width)];
    if (order === 'transpose') this.#orders.push(pixelOrder('transpose', height, width));
    this.#values = (this.gray ? [normalisation.gray] : normalisation.rgb).map(([mean, sd]) => normalised(mean, sd));
    this.#crops = augment ? new CropAndFlip(view.seed ?? 0, height, width) : null;
    this.input = tokenize
      ? { kind: 'tokens', vocabulary: 256, padding: 0 }
      : { kind: 'real', dims: this.#channels * this.#orders.length };
    const { train, validation, test } = images.splits;
    this.sizes = { train: train.size, validation: validation.size, test: test.size };
    const shown = [
      tokenize ? 'gray tokens' : this.gray ? 'gray' : 'RGB',
      `${order} order`,
      ...(augment ? [`training cropped and flipped at random, seed ${view.seed ?? 0}`] : []),
    ];
    this.description = `${images.description}; ${shown.join(', ')}`;
    this.checksum = createHash('sha256')
      .update(JSON.stringify([images.checksum, shown, normalisation]))
      .digest('hex');
  }

  /** Index of a sample in the arrays of its split. */
  #at(split: SplitName, index: number): number {
    return this.images.splits[split].members?.[index] ?? index;
  }
  label(split: SplitName, index: number): number {
    return this.images.splits[split].labels[this.#at(split, index)];
  }
  /** (3, height, width): the image as it is, whatever the view. */
  image(split: SplitName, index: number): Uint8Array {
    const at = this.#at(split, index) * 3 * this.length;
    return this.images.splits[split].pixels.subarray(at, at + 3 * this.length);
  }

  labelCounts(split: SplitName): number[] {
    const counts = new Array(this.classes).fill(0);
    for (let i = 0; i < this.sizes[split]; i++) counts[this.label(split, i)]++;
    return counts;
  }

  batch(split: SplitName, indices: ArrayLike<number>, epoch = 0): HostBatch {
    requireIndices(this.id, split, this.sizes[split], indices);
    const B = indices.length;
    const L = this.length;
    const C = this.#channels;
    const { pixels } = this.images.splits[split];
    const copies = this.#orders.length;
    const tokens = this.input.kind === 'tokens';
    const x = tokens ? new Int32Array(B * L) : new Float32Array(B * L * C * copies);
    const crops = split === 'train' ? this.#crops : null;
    const sources = crops ? new Int32Array(L) : null;
    for (let b = 0; b < B; b++) {
      const from = this.#at(split, indices[b]) * 3 * L;
      if (crops && sources) crops.sources(indices[b], epoch, sources);
      for (let copy = 0; copy < copies; copy++) {
        const order = this.#orders[copy];
        for (let c = 0; c < C; c++) {
          const values = this.#values[c];
          for (let t = 0; t < L; t++) {
            const at = from + (sources ? sources[order[t]] : order[t]);
            const byte = this.gray ? luma(pixels[at], pixels[at + L], pixels[at + 2 * L]) : pixels[at + c * L];
            x[((b * L + t) * copies + copy) * C + c] = tokens ? byte : values[byte];
          }
        }
      }
    }
    const targets = Int32Array.from(indices, (index) => this.label(split, index));
    return { x, lengths: null, targets, B, rows: B, L };
  }
}

/** ToTensor and Normalize of every byte, each step rounded to float32. */
export function normalised(mean: number, sd: number): Float32Array {
  const m = Math.fround(mean);
  const s = Math.fround(sd);
  return Float32Array.from({ length: 256 }, (_, v) => Math.fround(Math.fround(Math.fround(v / 255) - m) / s));
}

/** Options without what another thread cannot be given. */
export function settingsOf<O extends WorkOptions>(options: O): Omit<O, 'signal' | 'progress'> {
  const { signal, progress, ...settings } = options;
  return settings;
}

/** The first `wanted` samples of a split of `size`. */
export function firstOf(id: string, split: SplitName, size: number, wanted: number | undefined): number {
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted > 0 && wanted <= size))
    throw new RangeError(`${id}: the ${split} split can have 1 to ${size} images, not ${wanted}`);
  return wanted ?? size;
}
