/** What a synthetic language is: how an example is drawn, what its answer is, and what may be wrong with it. */
import type { Comparison } from '../comparison.ts';
import type { DataKind } from '../dataset.ts';
import type { Draws } from '../draws.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface Language {
  readonly id: string;
  readonly kind: DataKind;
  /** What an example is, for tables: "vocabulary 20, 20 pairs of a key and a value". */
  readonly about: string;
  readonly vocabulary: Vocabulary;
  /** The last so many tokens of an example are its answer; what stands before them is the prompt. */
  readonly answer: number;
  /** Training counts a prediction at every position, or those of the answer alone. Validation and test: the answer. */
  readonly learns: 'every token' | 'the answer';
  /** No two examples of any splits are equal; else no two of one split. */
  readonly distinct: 'within a split' | 'everywhere';
  /** Everything that samples depend on besides seed and length. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What `length` counts, for tables: "length", "digits". */
  readonly measure: string;
  /** Tokens of an example of this length, prompt and answer. Throws when there is none of this length. */
  tokens(length: number): number;
  /** The length of an example of so many tokens. */
  lengthOf(tokens: number): number;
  /** Two examples drawn for themselves are equal with probability at most 2^-bits. */
  bits(length: number): number;
  /** Writes one example, `tokens(length)` ids, into `out`. */
  draw(draws: Draws, length: number, out: Uint8Array): void;
  /** The answer, from the prompt alone. */
  solve(prompt: Uint8Array): number[];
  /** What is wrong with an example, or null. */
  fault(example: Uint8Array): string | null;
  /** Share of an answer's tokens that a guess among the possible ones has right. */
  chance(length: number): number;
  /** What a model may get without having understood. */
  readonly guesses: readonly Guess[];
  /** Statistics of examples of this length beside what they should be. */
  compare(examples: readonly Uint8Array[], length: number): Comparison[];
}

export interface Guess {
  method: string;
  guess(prompt: Uint8Array): number[];
}

/** What remains of an example without its answer. */
export const promptOf = ({ answer }: Language, example: Uint8Array): Uint8Array =>
  example.subarray(0, example.length - answer) as Uint8Array;
export const answerOf = ({ answer }: Language, example: Uint8Array): Uint8Array =>
  example.subarray(example.length - answer) as Uint8Array;

export const equal = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** Throws one sentence unless `value` is an integer in [from, to]. */
export function requireInteger(what: string, value: number, from: number, to: number): void {
  if (!(Number.isInteger(value) && value >= from && value <= to))
    throw new RangeError(`${what} can be ${from} to ${to}, not ${value}`);
}
