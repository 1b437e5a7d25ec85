/** A synthetic language held to its definition, example by example, and to its statistics. */
import { type Comparison, compareNone } from '../comparison.ts';
import { splitNames } from '../dataset.ts';
import type { Verified } from '../definition.ts';
import { answerOf, equal, type Language, promptOf } from './language.ts';
import type { SyntheticTokens } from './token-set.ts';

/** Named one by one; the count has all. */
const NAMED = 5;

/** Every example of every split; statistics over those of the training length. */
export function verifyTokens(data: SyntheticTokens<Language>, signal?: AbortSignal): Verified {
  const { language } = data;
  const complaints: string[] = [];
  const examples: Uint8Array[] = [];
  let faults = 0;
  let unsolved = 0;
  let repeated = 0;
  let seen = new Set<string>();
  for (const split of splitNames) {
    if (language.distinct === 'within a split') seen = new Set();
    for (let i = 0; i < data.sizes[split]; i++) {
      if (i % 1000 === 0) signal?.throwIfAborted();
      const example = data.example(split, i).slice();
      const fault = language.fault(example);
      if (fault !== null && ++faults <= NAMED) complaints.push(`${split} ${i}: ${fault}`);
      if (!equal(language.solve(promptOf(language, example)), answerOf(language, example))) unsolved++;
      const before = seen.size;
      seen.add(Buffer.from(example).toString('latin1'));
      if (seen.size === before) repeated++;
      if (data.lengths[split] === data.lengths.train) examples.push(example);
    }
  }
  const rows: Comparison[] = [
    compareNone('examples that break the definition', faults),
    compareNone('answers that do not follow from the prompt', unsolved),
    compareNone(`examples that occur twice${language.distinct === 'everywhere' ? '' : ' in a split'}`, repeated),
    ...language.compare(examples, data.lengths.train),
  ];
  return { what: data.description, rows, complaints };
}
