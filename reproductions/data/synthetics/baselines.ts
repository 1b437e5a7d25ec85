/** What guesses get on the test split of a synthetic language; the exact method gets everything. */
import type { Baseline } from '../definition.ts';
import { answerOf, type Language, promptOf } from './language.ts';
import type { SyntheticTokens } from './token-set.ts';

/** Share of the tokens of all test answers that `guess` has right. */
function accuracy(data: SyntheticTokens<Language>, guess: (prompt: Uint8Array) => ArrayLike<number>): number {
  const { language } = data;
  let right = 0;
  for (let i = 0; i < data.sizes.test; i++) {
    const example = data.example('test', i);
    const given = guess(promptOf(language, example));
    answerOf(language, example).forEach((token, at) => {
      if (given[at] === token) right++;
    });
  }
  return right / (data.sizes.test * language.answer);
}

/** At each place of the answer the token that is most frequent there in so many training examples. */
const LOOKED_AT = 1000;

function majority(data: SyntheticTokens<Language>): number[] {
  const { language } = data;
  const counts = Array.from({ length: language.answer }, () => new Array(language.vocabulary.size).fill(0));
  for (let i = 0; i < Math.min(LOOKED_AT, data.sizes.train); i++)
    answerOf(language, data.example('train', i)).forEach((token, at) => {
      counts[at][token]++;
    });
  return counts.map((of) => of.indexOf(Math.max(...of)));
}

export function tokenBaselines(data: SyntheticTokens<Language>): Baseline[] {
  const { language } = data;
  const frequent = majority(data);
  const row = (method: string, guess: (prompt: Uint8Array) => ArrayLike<number>): Baseline => ({
    ...{ method, metric: 'accuracy', value: accuracy(data, guess) },
  });
  return [
    { method: 'chance', metric: 'accuracy', value: language.chance(data.lengths.test) },
    row('the most frequent answer', () => frequent),
    ...language.guesses.map(({ method, guess }) => row(method, guess)),
    { ...row('the definition, solved', (prompt) => language.solve(prompt)), reference: 1 },
  ];
}
