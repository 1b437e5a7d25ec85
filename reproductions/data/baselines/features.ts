/** Samples as rows of numbers, in pieces, so that a large split need not be held as floats. */
import type { SplitName } from '../dataset.ts';
import { luma } from '../image/gray.ts';
import type { ImageDataset } from '../image/image-dataset.ts';

export interface Features {
  /** Samples. */
  n: number;
  /** Numbers of a sample. */
  d: number;
  /** Class of each sample, from 0 on. */
  labels: ArrayLike<number>;
  /** (count, d). */
  rows(start: number, count: number): Float32Array;
}

/** Values of the pixels in [0, 1], row by row: one gray level each where the dataset shows gray, else R, G and B planes. */
export function pixelFeatures(data: ImageDataset, split: SplitName, size = data.sizes[split]): Features {
  const pixels = data.length;
  const d = data.gray ? pixels : 3 * pixels;
  return {
    ...{ n: size, d, labels: Uint8Array.from({ length: size }, (_, i) => data.label(split, i)) },
    rows(start, count) {
      const rows = new Float32Array(count * d);
      for (let i = 0; i < count; i++) {
        const image = data.image(split, start + i);
        for (let k = 0; k < d; k++)
          rows[i * d + k] = (data.gray ? luma(image[k], image[pixels + k], image[2 * pixels + k]) : image[k]) / 255;
      }
      return rows;
    },
  };
}

/** Calls `use` for pieces of at most `size` rows. */
export async function inPieces(
  features: Features,
  size: number,
  use: (rows: Float32Array, start: number, count: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  for (let start = 0; start < features.n; start += size) {
    signal?.throwIfAborted();
    const count = Math.min(size, features.n - start);
    await use(features.rows(start, count), start, count);
  }
}
