/**
 * Majority (Poli et al. 2023, Hyena: "a g g g e f g -> g"). Our definition, for no code was published:
 *
 *     x x x ... x => w
 *
 * `length` ordinary tokens of which the winner w, uniform over them, occurs strictly more often than any other. All such
 * sequences are equally likely: `length` uniform tokens, drawn again when two share the highest count. (That is the same
 * as drawing w first and rejecting sequences until w wins, for by symmetry every token wins equally many.) Training
 * counts the answer alone, as a line left in safari's loader does for a method "majority" that it does not have.
 */
import { type Comparison, compareMeans, compareShares, EXACT, moments } from '../comparison.ts';
import type { Draws } from '../draws.ts';
import { hyenaSizes, ownReading } from './hyena.ts';
import { type Guess, type Language, promptOf, requireInteger } from './language.ts';
import { drawSymbols } from './symbols.ts';
import { type SyntheticSize, SyntheticTokens } from './token-set.ts';
import { ARROW, Vocabulary } from './vocabulary.ts';

export type MajorityOptions = SyntheticSize & { vocabulary?: number };

export const majorityDefaults = { vocabulary: 20, length: 1024 } as const;

export class Majority implements Language {
  readonly id = 'majority';
  readonly answer = 1;
  readonly learns = 'the answer';
  readonly measure = 'length';
  readonly distinct = 'within a split';
  readonly kind = ownReading;
  readonly about: string;
  readonly vocabulary: Vocabulary;
  readonly guesses: readonly Guess[];
  readonly arrow: number;

  constructor(readonly settings: Readonly<Record<string, unknown>> & { vocabulary: number }) {
    this.vocabulary = Vocabulary.numbered(settings.vocabulary);
    this.arrow = this.vocabulary.id(ARROW);
    this.about = `vocabulary ${settings.vocabulary}`;
    this.guesses = [
      { method: 'the last token', guess: (prompt) => [prompt[prompt.length - 2]] },
      {
        method: 'the most frequent of the last tenth',
        guess: (prompt) => [this.#winner(prompt.subarray(Math.floor((prompt.length - 1) * 0.9), -1)).token],
      },
    ];
  }

  tokens(length: number): number {
    requireInteger(`${this.id}: the length`, length, 1, 2 ** 24);
    return length + 2;
  }
  lengthOf(tokens: number): number {
    return tokens - 2;
  }
  chance(): number {
    return 1 / this.vocabulary.ordinary.length;
  }
  /** Whatever the first half less one is, the rest can make a winner: there are at least so many sequences. */
  bits(length: number): number {
    return Math.floor((length - 1) / 2) * Math.log2(this.vocabulary.ordinary.length);
  }

  draw(draws: Draws, length: number, out: Uint8Array): void {
    const { ordinary } = this.vocabulary;
    for (;;) {
      drawSymbols(draws, ordinary.length, out, 0, length);
      for (let i = 0; i < length; i++) out[i] = ordinary[out[i]];
      const { token, unique } = this.#winner(out.subarray(0, length));
      if (!unique) continue;
      out[length] = this.arrow;
      out[length + 1] = token;
      return;
    }
  }

  solve(prompt: Uint8Array): number[] {
    return [this.#winner(prompt.subarray(0, prompt.length - 1)).token];
  }

  fault(example: Uint8Array): string | null {
    const end = example.length - 2;
    if (example[end] !== this.arrow) return `token ${end + 1} is not =>`;
    const odd = example.subarray(0, end).findIndex((id) => !this.vocabulary.isOrdinary(id));
    if (odd >= 0) return `${this.vocabulary.tokens[example[odd]]} is no ordinary token (token ${odd + 1})`;
    if (!this.#winner(example.subarray(0, end)).unique) return 'two tokens share the highest count';
    const [right] = this.solve(promptOf(this, example));
    const given = example[end + 1];
    return given === right
      ? null
      : `the answer is ${this.vocabulary.tokens[right]}, not ${this.vocabulary.tokens[given]}`;
  }

  /** The first of the most frequent tokens, and whether it is the only one. */
  #winner(tokens: Uint8Array): { token: number; unique: boolean } {
    const counts = new Int32Array(this.vocabulary.size);
    for (let i = 0; i < tokens.length; i++) counts[tokens[i]]++;
    const most = counts.reduce((a, b) => Math.max(a, b));
    return { token: counts.indexOf(most), unique: counts.indexOf(most) === counts.lastIndexOf(most) };
  }

  /** Answers are uniform, and so are the tokens at any one place. */
  compare(examples: readonly Uint8Array[], length: number): Comparison[] {
    const { ordinary } = this.vocabulary;
    const n = ordinary.length;
    const even = new Array(n).fill(1 / n);
    const counted = (at: number) => {
      const counts = new Array(n).fill(0);
      for (const e of examples) counts[ordinary.indexOf(e[at])]++;
      return counts;
    };
    const wins = moments(examples.map((e) => (e[0] === e[length + 1] ? 1 : 0)));
    const last = moments(examples.map((e) => (e[length - 1] === e[length + 1] ? 1 : 0)));
    return [
      compareShares('answers', counted(length + 1), even, EXACT),
      compareShares('first tokens', counted(0), even, EXACT),
      // Places are exchangeable: the first token wins as often as the last does.
      compareMeans('first tokens that win, beside last ones', wins, last),
    ];
  }
}

/** Opens majority. */
export function openMajority(options: MajorityOptions = {}): SyntheticTokens<Majority> {
  const { vocabulary, length } = { ...majorityDefaults, ...options };
  const size = { seed: options.seed ?? 0, length, sizes: options.sizes ?? {}, testLength: options.testLength };
  return new SyntheticTokens(new Majority({ vocabulary }), size, hyenaSizes, {
    ...{ module: import.meta.url, name: 'openMajority', settings: options },
  });
}
