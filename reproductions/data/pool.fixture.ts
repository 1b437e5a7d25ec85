/** Jobs for the tests of the pool. */
import type { CacheArrays } from './cache.ts';
import { MissingFileError } from './dataset.ts';
import type { Range } from './pool.ts';

export function numbers({ bad, ends }: { bad?: number; ends?: number }, { start, count }: Range): CacheArrays {
  if (start === ends) process.exit(1);
  if (start === bad) throw new MissingFileError(`sample ${start} is not there`);
  return { n: Int32Array.from({ length: count }, (_, i) => start + i) };
}
