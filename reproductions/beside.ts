/** What is said beside a result: bits per byte of a language model, the distance from the best possible error. */
import type { Evidence } from '../results/evidence.ts';
import { mean } from '../results/statistics.ts';
import { excessOverFloor } from './data/fmri/floors.ts';

/** Cross entropy of a token in nats, as bits for each byte of the text: comparable between vocabularies. */
export const bitsPerByte = (nats: number, bytesPerToken: number): number => nats / Math.LN2 / bytesPerToken;

const BEST = /^best possible on these windows/;

/** The sentence about runs of one model on one task that differ in their seed alone; null: there is none. */
export function beside(runs: readonly Evidence[]): string | null {
  const [{ metric, data, baselines = [] }] = runs;
  if (metric === 'perplexity' && data.bytes_per_token !== undefined) {
    const bits = runs.map(({ test }) => bitsPerByte(test.loss, data.bytes_per_token as number));
    return `${mean(bits).toFixed(4)} bits per byte`;
  }
  const floor = metric === 'MAE' ? baselines.find(({ method }) => BEST.test(method)) : undefined;
  if (!floor) return null;
  const { excess, learnt } = excessOverFloor(mean(runs.map(({ test }) => test.value)), floor.value);
  return `${excess.toFixed(4)} over the best possible error, ${(100 * learnt).toFixed(1)} % of what can be learnt`;
}
