/** The native generator (`contours.cc`): the images of `contours.ts`, byte for byte, some fifty times as fast. */
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

export const emptyImages = (size: PathfinderSize, count: number): PathfinderImages => ({
  pixels: new Uint8Array(count * size * size),
  labels: new Uint8Array(count),
  ends: new Int32Array(count * 8),
  attempts: new Int32Array(count),
});

type Routine = (
  arrays: [Int32Array, Float64Array, Uint8Array, Uint8Array, Uint8Array, Int32Array, Int32Array],
  key0: number,
  key1: number,
  start: number,
) => Promise<void>;

const tablesOf = new Map<PathfinderSize, PathfinderTables>();

/**
 * Makes the samples of `range` on `threads` threads of the runtime's pool, `chunk` at a time; the caller's thread stays
 * free. Which thread makes a sample changes nothing. Throws `DeviceUnavailableError` when the addon is not built.
 */
export async function drawImages(
  { seed, size }: { seed: number; size: PathfinderSize },
  range: Range,
  options: { threads: number; chunk?: number; signal?: AbortSignal; progress?(done: number): void },
): Promise<PathfinderImages> {
  const routine = loadAddon().routines.pathfinder as Routine;
  let tables = tablesOf.get(size);
  if (!tables) tablesOf.set(size, (tables = pathfinderTables(lraSettings[size])));
  const { integers, reals, sprites } = tables;
  const [key0, key1] = new Draws(seed, `data/pathfinder${size}`).key;
  const images = emptyImages(size, range.count);
  const chunk = options.chunk ?? 32;
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < range.count) {
      options.signal?.throwIfAborted();
      const from = next;
      const to = (next = Math.min(from + chunk, range.count));
      const pixels = images.pixels.subarray(from * size * size, to * size * size);
      const ends = images.ends.subarray(from * 8, to * 8);
      await routine(
        [integers, reals, sprites, pixels, images.labels.subarray(from, to), ends, images.attempts.subarray(from, to)],
        key0,
        key1,
        range.start + from,
      );
      done += to - from;
      options.progress?.(done);
    }
  };
  const all = await Promise.allSettled(Array.from({ length: options.threads }, work));
  for (const one of all) if (one.status === 'rejected') throw one.reason;
  return images;
}
