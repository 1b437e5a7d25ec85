/** `text-spamham` beside what was measured when its recipe was written, and its baselines. */

import { naiveBayes } from '../baselines/classify.ts';
import { majority } from '../baselines/majority.ts';
import { type Comparison, compareCount } from '../comparison.ts';
import { splitNames } from '../dataset.ts';
import type { Baseline, Verified, VerifyOptions, WorkOptions } from '../definition.ts';
import type { CharacterTexts } from '../text/character-texts.ts';
import { lraSpecials } from '../text/vocabulary.ts';
import { encoding, openSpamHam } from './spamham.ts';

const MESSAGES = 5_745;
const TEST = 902;
const MAJORITY = 0.7095;
const NAIVE_BAYES = 0.93;

export async function verifySpamHam({ from }: VerifyOptions): Promise<Verified> {
  const data = await openSpamHam(from === undefined ? {} : { folder: from });
  return { what: data.description, rows: compareSpamHam(data), complaints: [] };
}

/** The recipe leaves no freedom: numbers must agree to the last digit that was written down. */
export function compareSpamHam(data: CharacterTexts): Comparison[] {
  let messages = 0;
  let spam = 0;
  let characters = 0;
  let full = 0;
  for (const split of splitNames)
    for (let i = 0; i < data.sizes[split]; i++) {
      const { length } = data.tokens(split, i);
      messages++;
      spam += data.label(split, i);
      characters += length;
      if (length === encoding.most) full++;
    }
  const [ham] = data.labelCounts('test');
  return [
    compareCount('messages', messages, MESSAGES),
    compareCount('test messages', data.sizes.test, TEST),
    compareCount('characters seen 15 times in training', data.vocabulary.size - lraSpecials.length, 108),
    rounded('spam, %', (100 * spam) / messages, 28.5, 0.05),
    rounded('mean length after the cut', characters / messages, 1_709, 0.5),
    rounded('messages as long as the cut, %', (100 * full) / messages, 16.5, 0.05),
    rounded('majority class of the test messages, %', (100 * ham) / data.sizes.test, 100 * MAJORITY, 0.005),
  ];
}

/** The reference is rounded: `limit` is half of its last digit. */
const rounded = (quantity: string, here: number, reference: number, limit: number): Comparison => ({
  ...{ quantity, here, reference, distance: Math.abs(here - reference), limit, measure: 'rounding' },
});

/**
 * The second is the one that was measured with the recipe (any model should come beyond it); the third shows how much
 * further the same method comes when it counts each 4-gram of a message once and smooths less. The known values hold
 * for all of the messages.
 */
export async function spamHamBaselines(data: CharacterTexts, options: WorkOptions): Promise<Baseline[]> {
  const isWhole = data.sizes.test === TEST && splitNames.reduce((n, split) => n + data.sizes[split], 0) === MESSAGES;
  const [first, second] = isWhole ? [MAJORITY, NAIVE_BAYES] : [];
  return [
    majority(data, first),
    await naiveBayes(
      data,
      {
        ...{ method: 'naive Bayes on character 4-grams, smoothing 0.5', n: 4, smoothing: 0.5 },
        ...(second === undefined ? {} : { reference: second }),
      },
      options,
    ),
    await naiveBayes(
      data,
      { method: 'naive Bayes on the presence of 4-grams, smoothing 0.01', n: 4, smoothing: 0.01, presence: true },
      options,
    ),
  ];
}
