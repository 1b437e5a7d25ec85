/**
 * LRA Pathfinder (32 x 32), Path-X (128 x 128) and Path256, made here by the published recipe
 * (`pathfinder/contours.ts`, natively by `contours.cc`): 160,000 training, 20,000 validation and 20,000 test images. Sample numbers are
 * fixed, so a smaller set is the beginning of each split of the full one. Input: grey values row by row,
 * (v / 255 - 0.5) / 0.5 as the reference loaders do; target: 1 when both discs lie on one contour.
 */
import { createHash } from 'node:crypto';
import { type CacheArrays, cached, keyHash } from './cache.ts';
import { type Dataset, type HostBatch, requireIndices, type SplitName, splitNames } from './dataset.ts';
import { drawImages } from './pathfinder/native.ts';
import { lraSettings, type PathfinderSize } from './pathfinder/settings.ts';
import { processors } from './pool.ts';

export interface PathfinderOptions {
  size?: PathfinderSize;
  seed?: number;
  sizes?: Partial<Record<SplitName, number>>;
  progress?(done: number, total: number): void;
  workers?: number;
  signal?: AbortSignal;
}

const fullSizes: Record<SplitName, number> = { train: 160_000, validation: 20_000, test: 20_000 };
const firstSample: Record<SplitName, number> = { train: 0, validation: 160_000, test: 180_000 };
const RECIPE = 1;
/** Images per file: what takes from seconds to a minute to make. */
const shardOf = (size: PathfinderSize): number => (size === 32 ? 8192 : 1024);

export class Pathfinder implements Dataset {
  readonly task = 'classification';
  readonly id: string;
  readonly kind = 'generated-equivalent';
  readonly input = { kind: 'real', dims: 1 } as const;
  readonly classes = 2;
  readonly length: number;
  readonly description: string;
  readonly checksum: string;

  constructor(
    readonly size: PathfinderSize,
    seed: number,
    readonly sizes: Record<SplitName, number>,
    readonly shards: Record<SplitName, CacheArrays[]>,
  ) {
    this.id = `pathfinder${size}`;
    this.length = size * size;
    this.description =
      `Pathfinder ${size} x ${size} made by the published generator with LRA's settings (seed ${seed}, ` +
      `${sizes.train} / ${sizes.validation} / ${sizes.test} images, contours of 14)`;
    const hash = createHash('sha256');
    for (const split of splitNames) for (const { pixels, labels } of shards[split]) hash.update(pixels).update(labels);
    this.checksum = hash.digest('hex');
  }

  /** Grey levels of one image. */
  image(split: SplitName, index: number): Uint8Array {
    const shard = shardOf(this.size);
    const at = (index % shard) * this.length;
    return this.shards[split][Math.floor(index / shard)].pixels.subarray(at, at + this.length) as Uint8Array;
  }
  label(split: SplitName, index: number): number {
    const shard = shardOf(this.size);
    return this.shards[split][Math.floor(index / shard)].labels[index % shard];
  }

  labelCounts(split: SplitName): number[] {
    const counts = [0, 0];
    for (let i = 0; i < this.sizes[split]; i++) counts[this.label(split, i)]++;
    return counts;
  }

  batch(split: SplitName, indices: ArrayLike<number>): HostBatch {
    requireIndices(this.id, split, this.sizes[split], indices);
    const B = indices.length;
    const L = this.length;
    const x = new Float32Array(B * L);
    for (let b = 0; b < B; b++) {
      const image = this.image(split, indices[b]);
      for (let i = 0; i < L; i++) x[b * L + i] = (image[i] / 255 - 0.5) / 0.5;
    }
    const targets = Int32Array.from(indices, (index) => this.label(split, index));
    return { x, lengths: null, targets, B, rows: B, L };
  }
}

/**
 * Opens a Pathfinder set: from the cache, or made now, file by file (an interrupted run goes on where it stopped).
 * Throws `DeviceUnavailableError` when something is to be made and the addon is not built. Held in memory.
 */
export async function openPathfinder(options: PathfinderOptions = {}): Promise<Pathfinder> {
  const size = options.size ?? 32;
  const seed = options.seed ?? 0;
  if (!lraSettings[size]) throw new RangeError(`pathfinder: the side can be 32, 64, 128 or 256, not ${size}`);
  const sizes = { ...fullSizes, ...options.sizes };
  for (const split of splitNames)
    if (!(Number.isInteger(sizes[split]) && sizes[split] > 0 && sizes[split] <= fullSizes[split]))
      throw new RangeError(
        `pathfinder${size}: the ${split} split can have 1 to ${fullSizes[split]} images, not ${sizes[split]}`,
      );
  const total = splitNames.reduce((n, split) => n + sizes[split], 0);
  const shards: Record<SplitName, CacheArrays[]> = { train: [], validation: [], test: [] };
  let before = 0;
  for (const split of splitNames)
    for (let start = 0; start < sizes[split]; start += shardOf(size)) {
      const count = Math.min(shardOf(size), sizes[split] - start);
      const range = { start: firstSample[split] + start, count };
      const key = { dataset: `pathfinder${size}`, recipe: RECIPE, seed, ...range };
      const file = `pathfinder${size}/${split}-${start}-${keyHash(key)}.lcd`;
      const done = before;
      const make = async (): Promise<CacheArrays> => {
        const { pixels, labels } = await drawImages({ seed, size }, range, {
          threads: options.workers ?? processors(),
          ...(options.signal ? { signal: options.signal } : {}),
          progress: (n) => options.progress?.(done + n, total),
        });
        return { pixels, labels };
      };
      shards[split].push(await cached(file, key, make));
      before += count;
    }
  return new Pathfinder(size, seed, sizes, shards);
}
