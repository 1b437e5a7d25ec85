/**
 * Counting (Poli et al. 2023, Hyena: "a b b b a c b -> 4": how often the last token occurs). Our definition, for no
 * code was published:
 *
 *     x x x ... x => q c
 *
 * The query q is a uniform ordinary token. It occurs m times among the `length` tokens, m uniform on 1 to
 * min(length, vocabulary - 1), at places that are equally likely; the other tokens are uniform over the other ordinary
 * ones. The answer c is the token whose id is m, or vocabulary - 1 where a sequence from elsewhere has more. (Uniform
 * tokens would be no task: at 1,024 of them every count is beyond the vocabulary.) Training counts the answer alone.
 */
import { type Comparison, compareMeans, compareShares, EXACT, moments } from '../comparison.ts';
import type { Draws } from '../draws.ts';
import { hyenaSizes, ownReading } from './hyena.ts';
import { type Guess, type Language, promptOf, requireInteger } from './language.ts';
import { drawSymbols } from './symbols.ts';
import { type SyntheticSize, SyntheticTokens } from './token-set.ts';
import { ARROW, Vocabulary } from './vocabulary.ts';

export type CountingOptions = SyntheticSize & { vocabulary?: number };

export const countingDefaults = { vocabulary: 20, length: 1024 } as const;

export class Counting implements Language {
  readonly id = 'counting';
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
    this.about = `vocabulary ${settings.vocabulary}, counts of 1 to ${settings.vocabulary - 1}`;
    this.guesses = [
      {
        method: 'twice the count in the last half',
        guess: (prompt) => {
          const query = prompt[prompt.length - 1];
          const half = prompt.subarray((prompt.length - 2) >> 1, prompt.length - 2);
          return [this.#token(2 * half.filter((id) => id === query).length)];
        },
      },
    ];
  }

  tokens(length: number): number {
    requireInteger(`${this.id}: the length`, length, 1, 2 ** 24);
    return length + 3;
  }
  lengthOf(tokens: number): number {
    return tokens - 3;
  }
  chance(length: number): number {
    return 1 / this.#most(length);
  }
  /** All tokens but the counted ones are free. */
  bits(length: number): number {
    return (length - this.#most(length)) * Math.log2(this.vocabulary.ordinary.length - 1);
  }

  draw(draws: Draws, length: number, out: Uint8Array): void {
    const { ordinary } = this.vocabulary;
    const query = draws.integer(ordinary.length);
    const count = 1 + draws.integer(this.#most(length));
    drawSymbols(draws, ordinary.length - 1, out, 0, length);
    for (let i = 0; i < length; i++) out[i] = ordinary[out[i] < query ? out[i] : out[i] + 1];
    for (let placed = 0; placed < count; ) {
      const at = draws.integer(length);
      if (out[at] === ordinary[query]) continue;
      out[at] = ordinary[query];
      placed++;
    }
    out[length] = this.arrow;
    out[length + 1] = ordinary[query];
    out[length + 2] = this.#token(count);
  }

  solve(prompt: Uint8Array): number[] {
    const query = prompt[prompt.length - 1];
    return [this.#token(prompt.subarray(0, prompt.length - 2).filter((id) => id === query).length)];
  }

  fault(example: Uint8Array): string | null {
    const { tokens } = this.vocabulary;
    const end = example.length - 3;
    if (example[end] !== this.arrow) return `token ${end + 1} is not =>`;
    const odd = example.subarray(0, -1).findIndex((id, i) => i !== end && !this.vocabulary.isOrdinary(id));
    if (odd >= 0) return `${tokens[example[odd]]} is no ordinary token (token ${odd + 1})`;
    const [right] = this.solve(promptOf(this, example));
    const given = example[end + 2];
    return given === right
      ? null
      : `the answer is the token ${right} (${tokens[right]}), not ${given} (${tokens[given]})`;
  }

  /** The largest count that is drawn. */
  #most(length: number): number {
    return Math.min(length, this.vocabulary.size - 1);
  }
  #token(count: number): number {
    return Math.min(count, this.vocabulary.size - 1);
  }

  /** Counts and queries are uniform, and the counted tokens lie anywhere. */
  compare(examples: readonly Uint8Array[], length: number): Comparison[] {
    const { ordinary } = this.vocabulary;
    const most = this.#most(length);
    const answers = new Array(most).fill(0);
    const queries = new Array(ordinary.length).fill(0);
    const places: number[] = [];
    for (const e of examples) {
      answers[e[length + 2] - 1]++;
      queries[ordinary.indexOf(e[length + 1])]++;
      places.push(e.indexOf(e[length + 1]) < length / 2 ? 1 : 0);
    }
    // P(first occurrence in the first half), over the counts: 1 - C(h, m) / C(n, m) with h places in the second half.
    const early = answers.map((_, i) => 1 - without(length, Math.floor(length / 2), i + 1));
    const mean = early.reduce((a, b) => a + b, 0) / most;
    return [
      compareShares('counts', answers, new Array(most).fill(1 / most), EXACT),
      compareShares('queries', queries, new Array(ordinary.length).fill(1 / ordinary.length), EXACT),
      compareMeans('queries that occur in the first half', moments(places), {
        ...{ mean, sd: Math.sqrt(mean * (1 - mean)), n: EXACT },
      }),
    ];
  }
}

/** Probability that m of n places, drawn without putting back, all lie among certain h. */
function without(n: number, h: number, m: number): number {
  let p = 1;
  for (let i = 0; i < m; i++) p *= Math.max(0, h - i) / (n - i);
  return p;
}

/** Opens counting. */
export function openCounting(options: CountingOptions = {}): SyntheticTokens<Counting> {
  const { vocabulary, length } = { ...countingDefaults, ...options };
  const size = { seed: options.seed ?? 0, length, sizes: options.sizes ?? {}, testLength: options.testLength };
  return new SyntheticTokens(new Counting({ vocabulary }), size, hyenaSizes, {
    ...{ module: import.meta.url, name: 'openCounting', settings: options },
  });
}
