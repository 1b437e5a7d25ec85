/** The float64 check that goes before every measurement, as a record keeps it. */
import type { BenchRecord } from '../../results/record.ts';

/**
 * The largest of some errors, of which each belongs to a named value. NaN counts as infinite, and infinity is written
 * as the largest number, which JSON has; so does a check that compared nothing.
 */
export function worstError(errors: Iterable<readonly [name: string, error: number]>): { worst: string; value: number } {
  let found: { worst: string; value: number } | null = null;
  for (const [worst, error] of errors) {
    const value = Number.isFinite(error) ? error : Number.MAX_VALUE;
    if (!found || value > found.value) found = { worst, value };
  }
  return found ?? { worst: 'nothing was compared', value: Number.MAX_VALUE };
}

/** `error` of a record: what was compared with the float64 reference (`name`), the worst of it and the limit. */
export function againstReference(
  name: string,
  tolerance: number,
  { value, worst }: { value: number; worst: string },
): BenchRecord['error'] {
  return { value, tolerance, worst, against: 'reference/float64', case: name };
}
