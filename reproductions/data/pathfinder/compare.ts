/** Pathfinder images, generated or read from files, against images of the published generator with LRA's settings. */
import { type Comparison, compareMeans, moments } from '../comparison.ts';
import statistics from '../fixtures/pathfinder-statistics.json' with { type: 'json' };
import type { PathfinderSize } from './settings.ts';

export interface LabelledImage {
  /** Grey levels, row by row. */
  pixels: Uint8Array;
  label: number;
}

export function comparePathfinder(size: PathfinderSize, images: Iterable<LabelledImage>): Comparison[] {
  const grey: number[] = [];
  const regions: number[] = [];
  const above = { 0: [] as number[], 64: [] as number[], 127: [] as number[] };
  const right = new Correlation();
  const lower = new Correlation();
  let ones = 0;
  for (const { pixels, label } of images) {
    grey.push(moments(pixels).mean);
    regions.push(components(pixels, size));
    for (const level of [0, 64, 127] as const)
      above[level].push(pixels.reduce((n, p) => n + (p > level ? 1 : 0), 0) / pixels.length);
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        const at = y * size + x;
        if (x + 1 < size) right.add(pixels[at], pixels[at + 1]);
        if (y + 1 < size) lower.add(pixels[at], pixels[at + size]);
      }
    ones += label;
  }
  const n = grey.length;
  const { n: size0, ...reference } = statistics[size];
  // The reference has 40 to 300 images: its shares and correlations are known to a few hundredths.
  const near = (quantity: string, here: number, expected: number, limit: number): Comparison => ({
    ...{ quantity, here, reference: expected, distance: Math.abs(here / expected - 1), limit },
    measure: 'relative difference',
  });
  return [
    compareMeans('mean grey level', moments(grey), { ...reference.pixel_mean_per_image, n: size0 }),
    compareMeans('regions brighter than 64', moments(regions), { ...reference.components_gt64_8conn, n: size0 }),
    near('pixels above 0', moments(above[0]).mean, reference.frac_nonzero, 0.05),
    near('pixels above 64', moments(above[64]).mean, reference.frac_gt_64, 0.05),
    near('pixels above 127', moments(above[127]).mean, reference.frac_gt_127, 0.06),
    near('correlation with the right neighbour', right.value, reference.autocorr.h1, 0.05),
    near('correlation with the lower neighbour', lower.value, reference.autocorr.v1, 0.05),
    {
      ...{ quantity: 'label 1', here: ones / n, reference: 0.5, distance: Math.abs(ones / n - 0.5) * 2 * Math.sqrt(n) },
      ...{ limit: 4, measure: 'standard errors' },
    },
  ];
}

/** Pearson's correlation of pairs of grey levels; the sums are whole numbers and exact. */
class Correlation {
  #n = 0;
  #a = 0;
  #b = 0;
  #aa = 0;
  #bb = 0;
  #ab = 0;

  add(a: number, b: number): void {
    this.#n++;
    this.#a += a;
    this.#b += b;
    this.#aa += a * a;
    this.#bb += b * b;
    this.#ab += a * b;
  }

  get value(): number {
    const n = this.#n;
    const [a, b] = [this.#a / n, this.#b / n];
    return (this.#ab / n - a * b) / Math.sqrt((this.#aa / n - a * a) * (this.#bb / n - b * b));
  }
}

/** 8-connected regions brighter than 64. */
export function components(pixels: Uint8Array, size: number): number {
  const seen = new Uint8Array(pixels.length);
  let regions = 0;
  for (let start = 0; start < pixels.length; start++) {
    if (seen[start] || pixels[start] <= 64) continue;
    regions++;
    const stack = [start];
    seen[start] = 1;
    for (let at = stack.pop(); at !== undefined; at = stack.pop())
      for (let y = Math.floor(at / size) - 1; y <= Math.floor(at / size) + 1; y++)
        for (let x = (at % size) - 1; x <= (at % size) + 1; x++) {
          const next = y * size + x;
          if (y < 0 || x < 0 || y >= size || x >= size || seen[next] || pixels[next] <= 64) continue;
          seen[next] = 1;
          stack.push(next);
        }
  }
  return regions;
}
