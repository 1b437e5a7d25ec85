/**
 * What a claim says of two of its rows together: that one is better than the other, or as good. Runs are paired by their
 * seeds, so that what a seed does to both (order of the data) is not counted as doubt, and judged by the 95 % interval
 * of the mean difference. A difference can be seen at any scale; only paper scale on the paper's data settles the claim.
 */
import { formatDifference } from '../results/published/difference.ts';
import { type Interval, tInterval } from '../results/statistics.ts';
import { show } from '../results/tables.ts';
import type { Scale, TrainingClaim } from './claim.ts';
import { publishedFor, type Summary } from './results.ts';
import { higherIsBetter, type Metric } from './train/metrics.ts';
import { decides } from './verdict.ts';

interface Cell {
  task: string;
  model: string;
}

export interface Comparison {
  /** What is claimed, as a clause: "squash raises the accuracy of random kernels". */
  title: string;
  /** The row that is said to be the better one, or as good. */
  one: Cell;
  other: Cell;
  /** In the published unit: as good is, at most so much worse. Absent: better. */
  within?: number;
}

const kinds = ['holds', 'does not hold', 'unclear'] as const;
type Outcome = (typeof kinds)[number];

export interface Compared {
  title: string;
  scale: Scale;
  dataKind: string;
  metric: Metric;
  /** As printed: `+21.25`, `~+6.9 (from memory)`, `-`. */
  published: string;
  /** How much better `one` is than `other`, in the published unit: positive is better, whatever the metric. */
  difference: Interval;
  /** Seeds that both were run with. */
  seeds: number[];
  /** ` here`: at this scale and on these data, which are not the paper's. */
  verdict: { kind: Outcome | `${Outcome} here` | 'one seed'; sentence: string };
}

/** Every comparison of the claim that has runs on both sides: same scale, same data, the claim's own configuration. */
export function comparisonsOf(claim: TrainingClaim, all: readonly Summary[]): Compared[] {
  const whole = all.filter((s) => !s.departures.length);
  return (claim.comparisons ?? []).flatMap((comparison) => {
    const of = ({ task, model }: Cell) => whole.filter((s) => s.task === task && s.model === model);
    return of(comparison.one).flatMap((one) => {
      const other = of(comparison.other).find((s) => s.scale === one.scale && s.checksum === one.checksum);
      const compared = other && compare(claim, comparison, one, other);
      return compared ? [compared] : [];
    });
  });
}

function compare(claim: TrainingClaim, { title, within }: Comparison, one: Summary, other: Summary): Compared | null {
  const { scale, dataKind, metric } = one;
  const sign = higherIsBetter(metric) ? 1 : -1;
  const seeds = one.seeds.filter((seed) => other.seeds.includes(seed));
  if (!seeds.length) return null;
  const value = (s: Summary, seed: number) => s.values[s.seeds.indexOf(seed)];
  const difference = tInterval(seeds.map((seed) => sign * (value(one, seed) - value(other, seed))));
  const rows = [one, other].map((s) => publishedFor(claim, s.task, s.model));
  const published = formatDifference(rows[0], rows[1], sign);
  const seen = `${showDifference(difference)} over ${seeds.length} seed${seeds.length === 1 ? '' : 's'}`;
  const against = published === '-' ? '' : `, published ${published}`;
  const settles = decides(one.verdict) && decides(other.verdict);
  const where = settles ? '' : `; at ${scale} scale on ${dataKind} data, which settles nothing of the paper's`;
  const kind = outcome(difference, within);
  return {
    ...{ title, scale, dataKind, metric, published, difference, seeds },
    verdict: {
      kind: kind === null ? 'one seed' : settles ? kind : `${kind} here`,
      sentence: `${title}: ${seen}${against}${where}`,
    },
  };
}

/** null: one seed says nothing of the spread over seeds. */
function outcome({ low, high }: Interval, within: number | undefined): Outcome | null {
  if (low === null || high === null) return null;
  if (within === undefined) return low > 0 ? 'holds' : high <= 0 ? 'does not hold' : 'unclear';
  return low >= -within ? 'holds' : high < -within ? 'does not hold' : 'unclear';
}

/** The comparisons as lines of text, each with its verdict. */
export const showComparisons = (all: readonly Compared[]): string =>
  all.map(({ verdict: { kind, sentence } }) => `${kind.padEnd(19)} ${sentence}.`).join('\n');

const signed = (value: number): string => (value > 0 ? `+${show(value, 3)}` : show(value, 3));
const showDifference = ({ estimate, low, high }: Interval): string =>
  low === null || high === null ? signed(estimate) : `${signed(estimate)} [${signed(low)}, ${signed(high)}]`;
