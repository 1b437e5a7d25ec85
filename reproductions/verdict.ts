/** What a set of runs says about a published number. */
import { formatRow, rowConfidence } from '../results/published/published.ts';
import type { PublishedRow } from '../results/published/schema.ts';
import { mean } from '../results/statistics.ts';
import type { Scale } from './claim.ts';

const verdictKinds = ['reproduced', 'not reproduced', 'partial scale', 'other data', 'no target'] as const;
export interface Verdict {
  kind: (typeof verdictKinds)[number];
  sentence: string;
}

/** Points below the published accuracy that still count: one, or two published standard deviations. */
const allowance = (row: PublishedRow): number => Math.max(1, 2 * (row.deviation ?? 0));

/**
 * Accuracies in percent, one per seed. A number is reproduced when, at paper scale and on the paper's data or data of
 * the same distribution, the mean over seeds is at least the published one minus `allowance`.
 */
export function accuracyVerdict(results: {
  published: PublishedRow | null;
  accuracies: readonly number[];
  scale: Scale;
  kind: string;
  /** What always answering the most frequent class gets, percent, and on how many test examples. */
  guess: number;
  examples: number;
}): Verdict {
  const { published, accuracies, scale, kind, guess, examples } = results;
  if (scale !== 'paper') {
    // Three standard errors of the guess's share: less is luck.
    const luck = 3 * Math.sqrt((guess * (100 - guess)) / (examples * accuracies.length));
    const learnt = mean(accuracies) > guess + luck ? 'shows that it learns' : 'is no better than a guess so far';
    return { kind: 'partial scale', sentence: `${scale} scale: ${learnt}; says nothing about the paper's number` };
  }
  if (kind !== 'real' && kind !== 'generated-equivalent')
    return { kind: 'other data', sentence: `the data is ${kind}: the paper's number is of another task` };
  if (published?.value === undefined || published.value === null)
    return { kind: 'no target', sentence: 'there is no published number to compare with' };
  const ours = mean(accuracies);
  const bar = published.value - allowance(published);
  const seeds = `${ours.toFixed(2)} over ${accuracies.length} seed${accuracies.length === 1 ? '' : 's'}`;
  const against = `${formatRow(published)}, and ${bar.toFixed(2)} was needed`;
  const hearsay = rowConfidence(published) === 'confirmed' ? '' : '; the published number itself is not confirmed';
  return ours >= bar
    ? { kind: 'reproduced', sentence: `${seeds} against ${against}${hearsay}` }
    : { kind: 'not reproduced', sentence: `${seeds} against ${against}${hearsay}` };
}
