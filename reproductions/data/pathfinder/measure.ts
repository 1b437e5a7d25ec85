/** What Pathfinder images are measured by: grey levels, regions, rings and neighbours, one image after the other. */
import type { PathfinderSize } from './settings.ts';

export interface LabelledImage {
  /** Grey levels, row by row. */
  pixels: Uint8Array;
  label: number;
}

/** Values of each image. */
export interface Measured {
  n: number;
  label: number[];
  grey: number[];
  /** 8-connected regions brighter than 64. */
  regions: number[];
  /** Shares of pixels above 0, 64 and 127. */
  above: [number[], number[], number[]];
  /** Mean grey level of four square rings, each an eighth of the side wide, from the border to the middle. */
  rings: [number[], number[], number[], number[]];
  /** Correlation of all pixels with their right and their lower neighbours. */
  right: number;
  lower: number;
}

export const levels = [0, 64, 127] as const;

export function measure(size: PathfinderSize, images: Iterable<LabelledImage>): Measured {
  const all: Measured = {
    ...{ n: 0, label: [], grey: [], regions: [], above: [[], [], []], rings: [[], [], [], []], right: 0, lower: 0 },
  };
  const right = new Correlation();
  const lower = new Correlation();
  const ringOf = Uint8Array.from({ length: size * size }, (_, at) => {
    const [y, x] = [Math.floor(at / size), at % size];
    return Math.floor(Math.min(y, x, size - 1 - y, size - 1 - x) / (size / 8));
  });
  const area = [0, 0, 0, 0];
  for (const ring of ringOf) area[ring]++;
  for (const { pixels, label } of images) {
    const sums = [0, 0, 0, 0];
    const counts = new Uint32Array(256);
    for (let at = 0; at < pixels.length; at++) {
      counts[pixels[at]]++;
      sums[ringOf[at]] += pixels[at];
    }
    all.n++;
    all.label.push(label);
    all.grey.push(sums.reduce((a, b) => a + b) / pixels.length);
    all.regions.push(components(pixels, size));
    for (const [i, level] of levels.entries())
      all.above[i].push(counts.subarray(level + 1).reduce((a, b) => a + b, 0) / pixels.length);
    for (const ring of [0, 1, 2, 3]) all.rings[ring].push(sums[ring] / area[ring]);
    right.add(pixels, size, 0, 1);
    lower.add(pixels, size, 1, 0);
  }
  return { ...all, right: right.value, lower: lower.value };
}

/** Pearson's correlation of the grey levels of pixels and their neighbours; the sums are whole numbers and exact. */
class Correlation {
  #n = 0;
  #a = 0;
  #b = 0;
  #aa = 0;
  #bb = 0;
  #ab = 0;

  add(pixels: Uint8Array, size: number, dy: number, dx: number): void {
    let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
    for (let y = 0; y + dy < size; y++)
      for (let at = y * size, end = at + size - dx; at < end; at++) {
        const a = pixels[at];
        const b = pixels[at + dy * size + dx];
        sa += a;
        sb += b;
        saa += a * a;
        sbb += b * b;
        sab += a * b;
      }
    this.#n += (size - dy) * (size - dx);
    this.#a += sa;
    this.#b += sb;
    this.#aa += saa;
    this.#bb += sbb;
    this.#ab += sab;
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
    if (pixels[start] <= 64 || seen[start]) continue;
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
