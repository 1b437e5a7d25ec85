/** Clips as rows of numbers for the linear baselines: raw samples, or energies of bands. Columns have mean 0 and sd 1. */
import type { Features } from '../baselines/features.ts';
import type { WorkOptions } from '../definition.ts';
import { BAND_FEATURES, logBands } from './log-bands.ts';
import { CLIP } from './words.ts';

/** Clips that can be read one by one, with their classes. */
export interface Clips {
  labels: ArrayLike<number>;
  read(index: number, into: Int16Array): Int16Array;
}

/** What `features` need to know of the training clips. */
export interface Columns {
  mean: Float64Array;
  sd: Float64Array;
}

/** Samples in [-1, 1), as they are; read anew for every use, since they would not fit. */
export function rawFeatures({ labels, read }: Clips): Features {
  const samples = new Int16Array(CLIP);
  return {
    ...{ n: labels.length, d: CLIP, labels },
    rows(start, count) {
      const rows = new Float32Array(count * CLIP);
      for (let i = 0; i < count; i++) {
        read(start + i, samples);
        for (let t = 0; t < CLIP; t++) rows[i * CLIP + t] = samples[t] / 32768;
      }
      return rows;
    },
  };
}

/** Energies of bands of all clips, (n, 768). */
export async function bandRows({ labels, read }: Clips, { signal, progress }: WorkOptions): Promise<Float32Array> {
  const n = labels.length;
  const rows = new Float32Array(n * BAND_FEATURES);
  const samples = new Int16Array(CLIP);
  for (let i = 0; i < n; i++) {
    logBands(read(i, samples), rows, i * BAND_FEATURES);
    if (i % 128 === 127) {
      progress?.(i + 1, n);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    }
  }
  return rows;
}

export function columnsOf(rows: Float32Array, d: number): Columns {
  const n = rows.length / d;
  const mean = new Float64Array(d);
  const sd = new Float64Array(d);
  for (let i = 0; i < rows.length; i++) mean[i % d] += rows[i] / n;
  for (let i = 0; i < rows.length; i++) sd[i % d] += (rows[i] - mean[i % d]) ** 2 / n;
  return { mean, sd: sd.map((square) => Math.sqrt(square) || 1) };
}

/** Rows with the columns of the training clips made equal. */
export function standardised(all: Float32Array, labels: ArrayLike<number>, { mean, sd }: Columns): Features {
  const d = mean.length;
  return {
    ...{ n: labels.length, d, labels },
    rows(start, count) {
      const rows = all.slice(start * d, (start + count) * d);
      for (let i = 0; i < rows.length; i++) rows[i] = (rows[i] - mean[i % d]) / sd[i % d];
      return rows;
    },
  };
}
