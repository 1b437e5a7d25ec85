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
  const { language, lengths } = data;
  const examiner = new Examiner(language);
  const examples: Uint8Array[] = [];
  for (const split of splitNames) {
    if (language.distinct === 'within a split') examiner.forget();
    for (let i = 0; i < data.sizes[split]; i++) {
      if (i % 1000 === 0) signal?.throwIfAborted();
      const example = data.example(split, i).slice();
      examiner.look(example, `${split} ${i}`);
      if (lengths[split] === lengths.train) examples.push(example);
    }
  }
  return {
    what: data.description,
    rows: [...examiner.rows(), ...language.compare(examples, lengths.train)],
    complaints: examiner.complaints,
  };
}

/** Several settings of a language: the setting stands before each quantity. */
export function verifySeveral(sets: readonly SyntheticTokens<Language>[], signal?: AbortSignal): Verified {
  const all = sets.map((data) => {
    const setting = `${data.language.about}, ${data.language.measure} ${data.lengths.train}`;
    const { rows, complaints } = verifyTokens(data, signal);
    return {
      rows: rows.map((row) => ({ ...row, quantity: `${setting}: ${row.quantity}` })),
      complaints: complaints.map((complaint) => `${setting}: ${complaint}`),
    };
  });
  return {
    what: sets.map(({ description }) => description).join('; '),
    rows: all.flatMap(({ rows }) => rows),
    complaints: all.flatMap(({ complaints }) => complaints),
  };
}

/** Holds examples to the definition, one by one. */
export class Examiner {
  readonly complaints: string[] = [];
  #seen = new Set<string>();
  #faults = 0;
  #unsolved = 0;
  #repeated = 0;

  constructor(readonly language: Language) {}

  /** `where` names the example in complaints. Whether it is one of the language. */
  look(example: Uint8Array, where: string): boolean {
    const { language } = this;
    const fault = language.fault(example);
    if (fault !== null && ++this.#faults <= NAMED) this.complaints.push(`${where}: ${fault}`);
    if (!equal(language.solve(promptOf(language, example)), answerOf(language, example))) this.#unsolved++;
    const before = this.#seen.size;
    this.#seen.add(Buffer.from(example).toString('latin1'));
    if (this.#seen.size === before) this.#repeated++;
    return fault === null;
  }

  /** What has been seen may be seen again: a new split begins. */
  forget(): void {
    this.#seen = new Set();
  }

  rows(): Comparison[] {
    const where = this.language.distinct === 'everywhere' ? '' : ' in a split';
    return [
      compareNone('examples that break the definition', this.#faults),
      compareNone('answers that do not follow from the prompt', this.#unsolved),
      compareNone(`examples that occur twice${where}`, this.#repeated),
    ];
  }
}
