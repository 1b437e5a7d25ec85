/** What was measured on a set of samples beside what it should be, as one row each. */
import type { Row } from '../../results/record.ts';
import { type Column, show } from '../../results/tables.ts';
import { chiSquare } from './statistics.ts';

export interface Comparison {
  quantity: string;
  here: number | string;
  reference: number | string;
  /** How far apart, in the unit that `limit` is given in; null where nothing is judged. */
  distance: number | null;
  limit: number | null;
  /** What distance and limit are: "standard errors", "chi-square" ... */
  measure: string;
}

export const holds = ({ distance, limit }: Comparison): boolean =>
  distance === null || limit === null || distance <= limit;

export const comparisonColumns: Column[] = [
  { key: 'quantity', title: 'quantity' },
  { key: 'here', title: 'here', align: 'right' },
  { key: 'reference', title: 'reference', align: 'right' },
  { key: 'distance', title: 'distance', align: 'right' },
  { key: 'limit', title: 'limit', align: 'right' },
  { key: 'measure', title: 'measure' },
  { key: 'verdict', title: 'verdict' },
];

export const comparisonRow = (c: Comparison): Row => ({
  ...c,
  verdict: c.limit === null || c.distance === null ? 'not judged' : holds(c) ? 'agrees' : 'DISAGREES',
});

/**
 * Two means in standard errors of their difference. The limit is passed by chance once in 16,000 rows; at 5,000 samples
 * against a value that is known exactly it is a shift of a 18th of the standard deviation.
 */
export function compareMeans(
  quantity: string,
  values: { mean: number; sd: number; n: number },
  reference: { mean: number; sd: number; n: number },
  limit = 4,
): Comparison {
  const error = Math.hypot(values.sd / Math.sqrt(values.n), reference.sd / Math.sqrt(reference.n));
  const off = Math.abs(values.mean - reference.mean);
  const distance = error > 0 ? off / error : off === 0 ? 0 : Number.POSITIVE_INFINITY;
  return { quantity, here: values.mean, reference: reference.mean, distance, limit, measure: 'standard errors' };
}

/** Critical values of chi-square at p = 0.001 for 1 to 10 degrees of freedom. */
const tabulated = [10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88, 29.59];

/**
 * Critical value at p = 0.001; from eleven degrees d on by Wilson and Hilferty (1931), right to half a percent:
 * d (1 - 2 / (9 d) + z sqrt(2 / (9 d)))^3 with z = 3.0902.
 */
export function critical(degrees: number): number {
  if (degrees <= tabulated.length) return tabulated[degrees - 1];
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + 3.0902 * Math.sqrt(spread)) ** 3;
}

/** The reference is not a sample but known exactly. */
export const EXACT = 1e15;

/** So many shares are written out; of more the range. */
const MOST_SHOWN = 10;

/** Counts against shares that were themselves estimated from `size` samples. */
export function compareShares(
  quantity: string,
  counts: readonly number[],
  shares: readonly number[],
  size: number,
): Comparison {
  const n = counts.reduce((a, b) => a + b, 0);
  const text = (values: readonly number[]) =>
    values.length <= MOST_SHOWN
      ? values.map((v) => show(v, 2)).join(' ')
      : `${show(Math.min(...values), 2)} to ${show(Math.max(...values), 2)} (${values.length})`;
  return {
    quantity,
    here: n ? text(counts.map((c) => c / n)) : '-',
    reference: text(shares),
    distance: n ? chiSquare(counts, shares, size) : null,
    limit: counts.length > 1 ? critical(counts.length - 1) : null,
    measure: 'chi-square, p 0.001',
  };
}

/** A count that is known; `limit` null where it cannot be held against these data. */
export const compareCount = (quantity: string, found: number, known: number, limit: number | null = 0): Comparison => ({
  ...{ quantity, here: found, reference: known, distance: Math.abs(found - known), limit, measure: 'count' },
});

/** Something that must not occur at all. */
export const compareNone = (quantity: string, found: number): Comparison => ({
  ...{ quantity, here: found, reference: 0, distance: found, limit: 0, measure: 'count' },
});

/** Mean and standard deviation. */
export function moments(values: ArrayLike<number>): { mean: number; sd: number; n: number } {
  const n = values.length;
  let mean = 0;
  let square = 0;
  for (let i = 0; i < n; i++) {
    const off = values[i] - mean;
    mean += off / (i + 1);
    square += off * (values[i] - mean);
  }
  return { mean, sd: n ? Math.sqrt(square / n) : 0, n };
}
