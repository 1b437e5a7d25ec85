/** Pathfinder sets that are made here: shards of generated images in the cache, those that are missing made now. */
import { join } from 'node:path';
import { cacheFolder, keyHash, openCached, writeUnit } from '../cache.ts';
import { type SplitName, splitNames } from '../dataset.ts';
import type { WorkOptions } from '../definition.ts';
import { requireSpace } from '../download/space.ts';
import { processors, type Range } from '../pool.ts';
import { type CacheArrays, Unit } from '../unit.ts';
import { drawImages, drawNow, type PathfinderImages } from './native.ts';
import type { PathfinderSize } from './settings.ts';
import { type Shard, Shards } from './shards.ts';

export const fullSizes: Record<SplitName, number> = { train: 160_000, validation: 20_000, test: 20_000 };
const firstSample: Record<SplitName, number> = { train: 0, validation: 160_000, test: 180_000 };
/** Changes with the images of a seed. */
const RECIPE = 1;
/** Changes with the arrays of a file. */
const LAYOUT = 2;
/** Images per file: about a second's work. */
const shardOf = (size: PathfinderSize): number => (size === 32 ? 8192 : 1024);

interface Planned {
  file: string;
  key: unknown;
  range: Range;
}

/** Files of the set: the samples' numbers are fixed, so a smaller set begins as the full one does. */
function plan(seed: number, size: PathfinderSize, sizes: Record<SplitName, number>): Planned[] {
  const each = shardOf(size);
  return splitNames.flatMap((split) =>
    Array.from({ length: Math.ceil(sizes[split] / each) }, (_, i) => {
      const range = { start: firstSample[split] + i * each, count: Math.min(each, sizes[split] - i * each) };
      const key = { dataset: `pathfinder${size}`, recipe: RECIPE, layout: LAYOUT, seed, ...range };
      return { file: `pathfinder${size}/${split}-${i * each}-${keyHash(key)}.lcd`, key, range };
    }),
  );
}

/** The images of all splits, one after the other; an interrupted run goes on where it stopped. */
export async function madeShards(
  seed: number,
  size: PathfinderSize,
  sizes: Record<SplitName, number>,
  options: WorkOptions,
): Promise<Shards> {
  const planned = plan(seed, size, sizes);
  const units = planned.map(({ file, key }) => openCached(file, key));
  const missing = planned.filter((_, i) => !units[i]);
  const images = missing.reduce((n, { range }) => n + range.count, 0);
  if (images)
    requireSpace(
      join(cacheFolder(), `pathfinder${size}`),
      images * size * size,
      `making ${images} images of ${size} x ${size}`,
    );
  let before = 0;
  const draw = ({ range }: Planned, done: number) =>
    drawImages({ seed, size }, range, {
      threads: options.workers ?? processors(),
      ...(options.signal ? { signal: options.signal } : {}),
      progress: (n) => options.progress?.(done + n, images),
    });
  // While one file is written the next one's images are drawn.
  let ahead: Promise<PathfinderImages> | null = null;
  try {
    for (const [i, one] of missing.entries()) {
      const arrays: PathfinderImages = await (ahead ?? draw(one, before));
      before += one.range.count;
      ahead = i + 1 < missing.length ? draw(missing[i + 1], before) : null;
      writeUnit(join(cacheFolder(), one.file), one.key, asArrays(arrays));
    }
  } finally {
    await ahead?.catch(() => {});
  }
  const shards = planned.map(({ file, range }, i): Shard => {
    const unit = units[i] ?? Unit.open(join(cacheFolder(), file));
    return { unit, remake: () => asArrays(drawNow({ seed, size }, range)) };
  });
  return new Shards(shards, size * size);
}

const asArrays = ({ pixels, labels, ends, attempts }: PathfinderImages): CacheArrays => ({
  ...{ pixels, labels, ends, attempts },
});
