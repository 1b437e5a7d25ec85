/**
 * Where the contours of generated images begin and end, beside those of the published generator. Real files do not say;
 * of theirs, only the discs can be seen.
 */
import { type Comparison, compareMeans, compareNone, moments } from '../comparison.ts';
import statistics from '../fixtures/pathfinder-statistics.json' with { type: 'json' };
import { lraSettings, type PathfinderSize } from './settings.ts';

/** What the generator knows of its images. */
export interface Ends {
  /** Origins of the two contours, then their tips, as rows and columns: (n, 4, 2). */
  ends: Int32Array;
  /** How often the two contours were begun, (n). */
  attempts: Int32Array;
}

export function compareEnds(size: PathfinderSize, { ends, attempts }: Ends): Comparison[] {
  const { n: size0, ...reference } = statistics[size];
  const { seedDistance } = lraSettings[size];
  const n = attempts.length;
  const at = (i: number, k: number): [number, number] => [ends[i * 8 + 2 * k], ends[i * 8 + 2 * k + 1]];
  const apart = (i: number, a: number, b: number) => {
    const [[ay, ax], [by, bx]] = [at(i, a), at(i, b)];
    return Math.hypot(ay - by, ax - bx);
  };
  const every = Array.from({ length: n }, (_, i) => i);
  const origins = every.map((i) => apart(i, 0, 1));
  const rows: Comparison[] = [];
  for (const [axis, name] of ['rows', 'columns'].entries()) {
    const first = every.map((i) => at(i, 0)[axis]);
    const range = axis ? reference.first_origin_col_range : reference.first_origin_row_range;
    const frame = 2 * seedDistance;
    rows.push({
      ...compareNone(
        `first origins: ${name}, within ${frame}..${size - 1 - frame}`,
        first.filter((v) => v < frame || v > size - 1 - frame).length,
      ),
      here: `${least(first)}..${most(first)}`,
      reference: range.join('..'),
      measure: 'outside',
    });
  }
  // Both coordinates are rounded.
  const off = origins.filter((d) => Math.abs(d - seedDistance) > Math.SQRT1_2 + 1e-9).length;
  const between = reference.origin_to_origin_distance;
  rows.push({
    ...compareNone(`distance of the origins, within ${seedDistance} +- 0.71`, off),
    ...{ here: `${least(origins).toFixed(2)}..${most(origins).toFixed(2)}`, measure: 'outside' },
    reference: `${between[0].toFixed(2)}..${between[6].toFixed(2)}`,
  });
  const same = every.flatMap((i) => [apart(i, 0, 2), apart(i, 1, 3)]);
  const cross = every.flatMap((i) => [apart(i, 0, 3), apart(i, 1, 2)]);
  rows.push(
    compareQuantiles('distance of the origins', origins, between, size0),
    compareQuantiles('distance of the ends of one contour', same, reference.same_snake_tip_distance, 2 * size0),
    compareQuantiles('distance of ends of two contours', cross, reference.cross_snake_tip_distance, 2 * size0),
  );
  const tries = moments(attempts);
  rows.push(
    compareMeans('attempts at the two contours', tries, {
      ...tries,
      mean: reference.two_snake_attempts.mean,
      n: size0,
    }),
  );
  return rows;
}

const quantiles = [0.05, 0.25, 0.5, 0.75, 0.95];

/**
 * Quantiles of `values` beside the reference's minimum, 5, 25, 50, 75 and 95 % quantiles and maximum, of `m` values. At
 * each quantile the share of values here that lie below it (half of those that equal it) is held to what it should be.
 */
function compareQuantiles(quantity: string, values: number[], reference: readonly number[], m: number): Comparison {
  const n = values.length;
  const sorted = values.toSorted((a, b) => a - b);
  const off = quantiles.map((p, i) => {
    const q = reference[i + 1];
    // The reference is rounded to three digits.
    const share = values.reduce((s, v) => s + (Math.abs(v - q) < 6e-4 ? 0.5 : v < q ? 1 : 0), 0) / n;
    const equal = values.reduce((s, v) => s + (Math.abs(v - q) < 6e-4 ? 1 : 0), 0) / n;
    return Math.max(0, Math.abs(share - p) - equal / 2) / Math.sqrt(p * (1 - p) * (1 / n + 1 / m));
  });
  const text = (list: readonly number[]) => list.map((v) => v.toFixed(1)).join(' ');
  return {
    quantity: `${quantity}, 5 25 50 75 95 %`,
    here: text(quantiles.map((p) => sorted[Math.min(n - 1, Math.floor(p * n))])),
    reference: text(reference.slice(1, 6)),
    ...{ distance: Math.max(...off), limit: 4.5, measure: 'standard errors' },
  };
}

const least = (values: number[]): number => values.reduce((a, b) => Math.min(a, b));
const most = (values: number[]): number => values.reduce((a, b) => Math.max(a, b));
