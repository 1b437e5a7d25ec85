/** What a set of runs says about a published number. */
import { formatRow, rowConfidence } from '../results/published/published.ts';
import type { PublishedRow } from '../results/published/schema.ts';
import { type Interval, mean, tInterval } from '../results/statistics.ts';
import { show } from '../results/tables.ts';
import type { Scale } from './claim.ts';
import { higherIsBetter, type Metric } from './train/metrics.ts';

/**
 * reproduced, below: the published number is, is not reached. above: so much better that something may be wrong.
 * unclear: the runs do not tell. The others say why the runs cannot tell: a smaller scale, other data, no number.
 */
const verdictKinds = [
  'reproduced',
  'below',
  'above',
  'unclear',
  'partial scale',
  'stand-in data',
  'other task',
  'no target',
] as const;
export interface Verdict {
  kind: (typeof verdictKinds)[number];
  sentence: string;
}

/** Whether scale and data let a run say anything about the published number. */
export const decides = ({ kind }: Verdict): boolean =>
  kind !== 'partial scale' && kind !== 'stand-in data' && kind !== 'other task';

export interface Results {
  published: PublishedRow | null;
  metric: Metric;
  /** In the published unit (accuracies in percent), one per seed. */
  values: readonly number[];
  /** The same without learning, and how many predictions were judged. */
  guess: number;
  count: number;
  scale: Scale;
  /** Kind of the data. */
  kind: string;
  /** Where the configuration is not the claim's. */
  departures: readonly string[];
}

/** By how much a result may be worse than the published one: `least`, or two published standard deviations. */
const allowance = (row: PublishedRow, least: number): number => Math.max(least, 2 * (row.deviation ?? 0));
/** Times the allowance by which it may be better before something is likely to be wrong. */
const TOO_GOOD = 3;

/**
 * The usual criterion. A number is reproduced when, at paper scale and on the paper's data or data of the same
 * distribution, the mean over seeds is at most `least` (or two published deviations) worse than it, and the 95 %
 * interval over seeds leaves no doubt; `unclear` when the interval reaches over that line, or one seed has none.
 */
export function usualVerdict(results: Results, least: number): Verdict {
  const { published, metric, values, scale, kind, departures } = results;
  if (scale !== 'paper') {
    const learnt = learns(results) ? 'shows that it learns' : 'is no better than a guess so far';
    return { kind: 'partial scale', sentence: `${scale} scale: ${learnt}; says nothing about the paper's number` };
  }
  if (departures.length)
    return { kind: 'partial scale', sentence: `not the published configuration: ${departures.slice(0, 3).join(', ')}` };
  if (kind.startsWith('stand-in'))
    return { kind: 'stand-in data', sentence: `the data is ${kind}: the paper's number is of other data` };
  if (kind !== 'real' && kind !== 'generated-equivalent')
    return { kind: 'other task', sentence: `the data is ${kind}: the paper's number is of another task` };
  if (published?.value === undefined || published.value === null)
    return { kind: 'no target', sentence: 'there is no published number to compare with' };
  const sign = higherIsBetter(metric) ? 1 : -1;
  const allowed = allowance(published, least);
  const interval = tInterval(values);
  const bar = published.value - sign * allowed;
  const hearsay = rowConfidence(published) === 'confirmed' ? '' : '; the published number itself is not confirmed';
  const sentence =
    `${showInterval(interval, metric)} over ${values.length} seed${values.length === 1 ? '' : 's'} against ` +
    `${formatRow(published)}, and ${show(bar, 4)} was needed${hearsay}`;
  if (values.length < 2)
    return { kind: 'unclear', sentence: `${sentence}; one seed says nothing of the spread over seeds: run more` };
  const best = sign * (sign > 0 ? (interval.high ?? interval.estimate) : (interval.low ?? interval.estimate));
  const worst = sign * (sign > 0 ? (interval.low ?? interval.estimate) : (interval.high ?? interval.estimate));
  if (best < sign * bar) return { kind: 'below', sentence };
  if (worst < sign * bar)
    return { kind: 'unclear', sentence: `${sentence}; the spread over seeds reaches over that line: more seeds` };
  if (sign * (interval.estimate - published.value) > TOO_GOOD * allowed)
    return { kind: 'above', sentence: `${sentence}; so much better than published that something may be wrong` };
  return { kind: 'reproduced', sentence };
}

/** Better than a guess by more than luck: three standard errors of its share, or three percent of an error. */
function learns({ metric, values, guess, count }: Results): boolean {
  const ours = mean(values);
  if (metric !== 'accuracy') return ours < 0.97 * guess;
  return ours > guess + 3 * Math.sqrt((guess * (100 - guess)) / (count * values.length));
}

/** As far as it is possible: no accuracy is above 100, nothing below 0. */
const showInterval = ({ estimate, low, high }: Interval, metric: Metric): string =>
  low === null || high === null
    ? show(estimate, 4)
    : `${show(estimate, 4)} [${show(Math.max(low, 0), 4)}, ${show(metric === 'accuracy' ? Math.min(high, 100) : high, 4)}]`;
