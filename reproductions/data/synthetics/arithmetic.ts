/**
 * Arithmetic (Poli et al. 2023, Hyena: "1 3 5 + 6 8 3 -> 8 1 8", addition of D-digit numbers). Our definition, for no
 * code was published: D digits, `+`, D digits, and as the answer the D + 1 digits of the sum,
 *
 *     1 3 5 + 6 8 3   0 8 1 8
 *
 * most significant first, with leading zeros, so that all 10^(2 D) sums are equally likely and none is too large for its
 * place. No sum occurs twice in all three splits together: what is tested has not been seen. Training counts the answer
 * alone, for the terms are noise.
 */
import { type Comparison, compareMeans, compareShares, EXACT, moments } from '../comparison.ts';
import type { SplitName } from '../dataset.ts';
import type { Draws } from '../draws.ts';
import { hyenaSizes, ownReading } from './hyena.ts';
import { answerOf, type Guess, type Language, promptOf, requireInteger } from './language.ts';
import { drawSymbols } from './symbols.ts';
import { SyntheticTokens } from './token-set.ts';
import { Vocabulary } from './vocabulary.ts';

const PLUS = '+';
const digits = Array.from({ length: 10 }, (_, i) => String(i));

export interface ArithmeticOptions {
  seed?: number;
  sizes?: Partial<Record<SplitName, number>>;
  /** Of each term. */
  digits?: number;
}

/** The paper's example has three digits. */
export const arithmeticDefaults = { digits: 3 } as const;

/** "length" is the number of digits of a term. */
export class Arithmetic implements Language {
  readonly id = 'arithmetic';
  readonly learns = 'the answer';
  readonly measure = 'digits';
  readonly distinct = 'everywhere';
  readonly kind = ownReading;
  readonly about = 'sums of two numbers';
  readonly vocabulary = new Vocabulary(digits, [PLUS]);
  readonly answer: number;
  readonly guesses: readonly Guess[];
  readonly plus = this.vocabulary.id(PLUS);
  /** Id of the digit 0; the others follow. */
  readonly zero = this.vocabulary.id('0');

  constructor(readonly settings: Readonly<Record<string, unknown>> & { digits: number }) {
    requireInteger(`${this.id}: the digits of a term`, settings.digits, 1, 2 ** 20);
    this.answer = settings.digits + 1;
    this.guesses = [{ method: 'digit by digit, nothing carried', guess: (prompt) => this.#add(prompt, false) }];
  }

  tokens(length: number): number {
    return 3 * length + 2;
  }
  lengthOf(tokens: number): number {
    return (tokens - 2) / 3;
  }
  /** The first digit is 0 or 1. */
  chance(length: number): number {
    return (1 / 2 + length / 10) / (length + 1);
  }
  bits(length: number): number {
    return 2 * length * Math.log2(10);
  }

  draw(draws: Draws, length: number, out: Uint8Array): void {
    drawSymbols(draws, 10, out, 0, 2 * length + 1);
    for (let i = 0; i <= 2 * length; i++) out[i] += this.zero;
    out[length] = this.plus;
    out.set(this.solve(out.subarray(0, 2 * length + 1) as Uint8Array), 2 * length + 1);
  }

  solve(prompt: Uint8Array): number[] {
    return this.#add(prompt, true);
  }

  #add(prompt: Uint8Array, carries: boolean): number[] {
    const { zero } = this;
    const length = (prompt.length - 1) / 2;
    const sum = new Array<number>(length + 1);
    let carry = 0;
    for (let i = length; i >= 1; i--) {
      const digit = prompt[i - 1] - zero + (prompt[length + i] - zero) + carry;
      sum[i] = zero + (digit % 10);
      carry = carries && digit > 9 ? 1 : 0;
    }
    sum[0] = zero + carry;
    return sum;
  }

  fault(example: Uint8Array): string | null {
    const { tokens } = this.vocabulary;
    const length = this.settings.digits;
    if (example.length !== this.tokens(length)) return `${example.length} tokens, not ${this.tokens(length)}`;
    if (example[length] !== this.plus) return `token ${length + 1} is not +`;
    const odd = example.findIndex((id, i) => i !== length && (id < this.zero || id > this.zero + 9));
    if (odd >= 0) return `${tokens[example[odd]]} is no digit (token ${odd + 1})`;
    const right = this.solve(promptOf(this, example));
    const given = answerOf(this, example);
    const at = right.findIndex((id, i) => id !== given[i]);
    if (at < 0) return null;
    return `the sum is ${this.vocabulary.decode(right)}, not ${this.vocabulary.decode(given)}`;
  }

  /** Digits of the terms and the last one of the sum are uniform; a sum has D + 1 digits with chance (1 - 10^-D) / 2. */
  compare(examples: readonly Uint8Array[], length: number): Comparison[] {
    const terms = new Array(10).fill(0);
    const last = new Array(10).fill(0);
    for (const e of examples) {
      for (let i = 0; i <= 2 * length; i++) if (i !== length) terms[e[i] - this.zero]++;
      last[e[e.length - 1] - this.zero]++;
    }
    const longer = (1 - 10 ** -length) / 2;
    const even = new Array(10).fill(0.1);
    return [
      compareShares('digits of the terms', terms, even, EXACT),
      compareShares('last digits of the sums', last, even, EXACT),
      compareMeans(`sums of ${length + 1} digits`, moments(examples.map((e) => e[2 * length + 1] - this.zero)), {
        ...{ mean: longer, sd: Math.sqrt(longer * (1 - longer)), n: EXACT },
      }),
    ];
  }
}

/** Opens arithmetic. */
export function openArithmetic(options: ArithmeticOptions = {}): SyntheticTokens<Arithmetic> {
  const count = options.digits ?? arithmeticDefaults.digits;
  const size = { seed: options.seed ?? 0, length: count, sizes: options.sizes ?? {} };
  return new SyntheticTokens(new Arithmetic({ digits: count }), size, hyenaSizes, {
    ...{ module: import.meta.url, name: 'openArithmetic', settings: options },
  });
}
