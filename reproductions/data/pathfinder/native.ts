/** The native generator (`contours.cc`): the images of `contours.ts`, byte for byte, 15 to 180 times as fast. */
import { loadAddon } from '../../../kernels/native/addon.ts';
import { Draws } from '../draws.ts';
import type { Range } from '../pool.ts';
import { lraSettings, type PathfinderSize } from './settings.ts';
import { type PathfinderTables, pathfinderTables } from './tables.ts';

/** Images of a range of samples. */
export interface PathfinderImages {
  /** Grey levels, (count, size, size). */
  pixels: Uint8Array;
  /** (count). */
  labels: Uint8Array;
  /** Origins of the two contours, then their tips, as rows and columns: (count, 4, 2). */
  ends: Int32Array;
  /** How often the two contours were begun, (count). */
  attempts: Int32Array;
}

const emptyImages = (size: PathfinderSize, count: number): PathfinderImages => ({
  pixels: new Uint8Array(count * size * size),
  labels: new Uint8Array(count),
  ends: new Int32Array(count * 8),
  attempts: new Int32Array(count),
});

type Routine<R> = (
  arrays: [Int32Array, Float64Array, Uint8Array, Uint8Array, Uint8Array, Int32Array, Int32Array],
  key0: number,
  key1: number,
  start: number,
) => R;

interface Recipe {
  seed: number;
  size: PathfinderSize;
}

const tablesOf = new Map<PathfinderSize, PathfinderTables>();

/** The arguments of the routine that fills images [from, to) of `images`, the first of which is sample `start`. */
function call({ seed, size }: Recipe, images: PathfinderImages, start: number, from: number, to: number) {
  let tables = tablesOf.get(size);
  if (!tables) {
    tables = pathfinderTables(lraSettings[size]);
    tablesOf.set(size, tables);
  }
  const { pixels, labels, ends, attempts } = images;
  const [key0, key1] = new Draws(seed, `data/pathfinder${size}`).key;
  return [
    [
      ...[tables.integers, tables.reals, tables.sprites],
      ...[pixels.subarray(from * size * size, to * size * size), labels.subarray(from, to)],
      ...[ends.subarray(from * 8, to * 8), attempts.subarray(from, to)],
    ],
    ...[key0, key1, start + from],
  ] as unknown as Parameters<Routine<unknown>>;
}

/**
 * Makes the samples of `range` on `threads` threads of the runtime's pool, `chunk` at a time; the caller's thread stays
 * free. Which thread makes a sample changes nothing. Throws `DeviceUnavailableError` when the addon is not built.
 */
export async function drawImages(
  recipe: Recipe,
  range: Range,
  options: { threads: number; chunk?: number; signal?: AbortSignal; progress?(done: number): void },
): Promise<PathfinderImages> {
  const routine = loadAddon().routines.pathfinder as Routine<Promise<void>>;
  const images = emptyImages(recipe.size, range.count);
  const chunk = options.chunk ?? 64;
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < range.count) {
      options.signal?.throwIfAborted();
      const from = next;
      next = Math.min(from + chunk, range.count);
      const to = next;
      await routine(...call(recipe, images, range.start, from, to));
      done += to - from;
      options.progress?.(done);
    }
  };
  const all = await Promise.allSettled(Array.from({ length: options.threads }, work));
  for (const one of all) if (one.status === 'rejected') throw one.reason;
  return images;
}

/** The same at once, on this thread. */
export function drawNow(recipe: Recipe, range: Range): PathfinderImages {
  const routine = loadAddon().routines['pathfinder-now'] as Routine<void>;
  const images = emptyImages(recipe.size, range.count);
  routine(...call(recipe, images, range.start, 0, range.count));
  return images;
}
