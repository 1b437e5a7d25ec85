/** What n-gram models get on the test split: a model that stays above them has learnt nothing of order. */
import type { Baseline, WorkOptions } from '../definition.ts';
import { Ngrams } from './ngrams.ts';
import type { LanguageData } from './token-dataset.ts';

/** Training tokens that are counted at most: 0.7 GB of counts. */
const MOST_COUNTED = 16_000_000;
/** Test tokens that are scored at most. */
const MOST_SCORED = 4_000_000;

export async function languageBaselines(
  data: LanguageData,
  options: WorkOptions,
  counted = MOST_COUNTED,
): Promise<Baseline[]> {
  const train = first(data, 'train', counted);
  const test = first(data, 'test', MOST_SCORED);
  if (train.length < 3 || test.length < 3) return [];
  options.signal?.throwIfAborted();
  const scores = new Ngrams(train, data.vocabulary).score(test);
  const all = data.packed.train.tokens <= train.length;
  const where = all ? '' : `, counted on the first ${Math.round(train.length / 1e6)} M tokens`;
  const bits = 1 / Math.LN2 / data.bytesPerToken('test');
  return (['unigram', 'bigram', 'trigram'] as const).flatMap((order): Baseline[] => {
    const method = order === 'unigram' ? 'token frequencies' : `${order}s, Kneser-Ney`;
    return [
      { method: `${method}${where}`, metric: 'loss', value: scores[order] },
      { method: `${method}${where}`, metric: 'bits per byte', value: scores[order] * bits },
    ];
  });
}

function first(data: LanguageData, split: 'train' | 'test', most: number): Uint16Array {
  const result = new Uint16Array(Math.min(most, data.packed[split].tokens));
  let at = 0;
  for (const piece of data.tokens(split)) {
    if (at === result.length) break;
    const part = piece.subarray(0, result.length - at);
    result.set(part, at);
    at += part.length;
  }
  return result;
}
