/** Counts and moments of image collections, and the rows that compare them with published or measured ones. */
import type { Comparison } from '../comparison.ts';
import { luma } from './gray.ts';

export interface ImageMoments {
  /** Of R, G and B in [0, 1]. */
  mean: number[];
  /** Of all pixels of the channel, divided by their number, as numpy does. */
  sd: number[];
  /** Of gray levels 0..255. */
  grayMean: number;
  graySd: number;
}

/** `pixels` (n, 3, P); `members` chooses images. Sums of bytes and of their squares are exact. */
export function imageMoments(pixels: Uint8Array, P: number, members?: ArrayLike<number>): ImageMoments {
  const n = members?.length ?? pixels.length / (3 * P);
  const sums = new Float64Array(4);
  const squares = new Float64Array(4);
  for (let i = 0; i < n; i++) {
    const at = (members?.[i] ?? i) * 3 * P;
    const s = [0, 0, 0, 0];
    const q = [0, 0, 0, 0];
    for (let p = 0; p < P; p++) {
      const r = pixels[at + p];
      const g = pixels[at + P + p];
      const b = pixels[at + 2 * P + p];
      const l = luma(r, g, b);
      s[0] += r;
      s[1] += g;
      s[2] += b;
      s[3] += l;
      q[0] += r * r;
      q[1] += g * g;
      q[2] += b * b;
      q[3] += l * l;
    }
    for (let c = 0; c < 4; c++) {
      sums[c] += s[c];
      squares[c] += q[c];
    }
  }
  const mean = Array.from(sums, (sum) => sum / (n * P));
  const sd = Array.from(squares, (square, c) => Math.sqrt(Math.max(0, square / (n * P) - mean[c] * mean[c])));
  return {
    mean: mean.slice(0, 3).map((m) => m / 255),
    sd: sd.slice(0, 3).map((s) => s / 255),
    grayMean: mean[3],
    graySd: sd[3],
  };
}

/** Rows of the channels; `limit` is how far off a value may be, and why is said in `measure`. */
export function compareMoments(
  name: string,
  here: ImageMoments,
  reference: { mean: readonly number[]; sd: readonly number[]; grayMean: number; graySd: number },
  limits: { mean: number; sd: number; grayMean: number; graySd: number; measure: string },
): Comparison[] {
  const row = (quantity: string, value: number, wanted: number, limit: number): Comparison => ({
    ...{ quantity: `${name}: ${quantity}`, here: value, reference: wanted },
    ...{ distance: Math.abs(value - wanted), limit, measure: limits.measure },
  });
  return [
    ...['red', 'green', 'blue'].flatMap((channel, c) => [
      row(`mean of ${channel}`, here.mean[c], reference.mean[c], limits.mean),
      row(`sd of ${channel}`, here.sd[c], reference.sd[c], limits.sd),
    ]),
    row('mean gray level', here.grayMean, reference.grayMean, limits.grayMean),
    row('sd of gray levels', here.graySd, reference.graySd, limits.graySd),
  ];
}

/** A number that must be exactly this one. */
export const compareCount = (quantity: string, here: number, reference: number): Comparison => ({
  ...{ quantity, here, reference, distance: Math.abs(here - reference), limit: 0, measure: 'count' },
});

/** Numbers that must be exactly these; the distance is how many images are misplaced. */
export const compareCounts = (quantity: string, here: readonly number[], reference: readonly number[]): Comparison => ({
  ...{ quantity, here: here.join(' '), reference: reference.join(' ') },
  distance: here.reduce((sum, n, i) => sum + Math.abs(n - (reference[i] ?? 0)), 0),
  ...{ limit: 0, measure: 'images' },
});

export function countsOf(labels: Uint8Array, classes: number, members?: ArrayLike<number>): number[] {
  const counts = new Array(classes).fill(0);
  const n = members?.length ?? labels.length;
  for (let i = 0; i < n; i++) counts[labels[members?.[i] ?? i]]++;
  return counts;
}
