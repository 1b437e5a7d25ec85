/**
 * Associative recall (Fu et al. 2022, H3, arXiv 2212.14052, section 3.1; safari, `generate_assoc_recall`):
 *
 *     k v k v ... k v => k v
 *
 * Keys are the first half of the ordinary tokens in the order of their strings, values the second half. Each example
 * draws its own map from keys to values, every value uniform and independent, so that several keys may share one. Then
 * floor(length / (keys + 1)) pairs with uniform keys, `=>`, and a query whose value is the answer. The query is a
 * uniform key; when it did not occur it is drawn again among those that did, or, with `allowDot`, it is kept and the
 * answer is `.`. With `keys` > 1 a key is a tuple of so many tokens.
 */
import type { Comparison } from '../comparison.ts';
import type { DataKind } from '../dataset.ts';
import type { Draws } from '../draws.ts';
import { hyenaLengths, hyenaSizes, hyenaSource, hyenaVocabularies } from './hyena.ts';
import { equal, type Guess, type Language, requireInteger } from './language.ts';
import { compareRecall } from './recall-statistics.ts';
import { drawSymbols } from './symbols.ts';
import { type SyntheticSize, SyntheticTokens } from './token-set.ts';
import { ARROW, LARGEST_VOCABULARY, NOTHING, Vocabulary } from './vocabulary.ts';

export interface RecallSettings {
  /** Tokens, `=>` and `.` included. */
  vocabulary: number;
  /** Tokens of a key. */
  keys: number;
  /** A query may be absent; its answer is `.`. */
  allowDot: boolean;
}
export type RecallOptions = SyntheticSize & Partial<RecallSettings>;

export interface PublishedRecall {
  vocabulary: number;
  length: number;
  /** Training examples. */
  train: number;
  source: string;
}

/** The settings that papers print numbers for. Validation is ours; test has 500 examples, safari's default. */
export const publishedRecall: readonly PublishedRecall[] = [
  { vocabulary: 10, length: 20, train: 5_000, source: 'H3, table 2; safari, configs/experiment/synthetics' },
  { vocabulary: 20, length: 40, train: 5_000, source: 'safari, configs/dataset/icl_synthetics.yaml' },
  { vocabulary: 30, length: 131_072, train: 4_000, source: 'safari, associative_recall/hyena-131k-30vs.yaml' },
  ...hyenaVocabularies.flatMap((vocabulary) =>
    hyenaLengths.map((length) => ({ vocabulary, length, train: hyenaSizes.train, source: hyenaSource })),
  ),
];

export const recallDefaults = {
  vocabulary: 20,
  length: 40,
  keys: 1,
  allowDot: false,
  sizes: { train: 5_000, validation: 500, test: 500 },
} as const;

/** Maps from tuples to values are held whole. */
const MOST_KEYS = 2 ** 16;

export class AssociativeRecall implements Language {
  readonly id = 'associative-recall';
  readonly answer = 1;
  readonly learns = 'every token';
  readonly measure = 'length';
  readonly distinct = 'within a split';
  readonly kind: DataKind;
  readonly about: string;
  readonly vocabulary: Vocabulary;
  readonly guesses: readonly Guess[];
  readonly keyTokens: readonly number[];
  readonly valueTokens: readonly number[];
  readonly arrow: number;
  readonly nothing: number;
  /** Possible keys, tuples counted. */
  readonly possible: number;
  /** By id: which of the key tokens it is, or -1; whether it is a value. */
  readonly #digit: Int32Array;
  readonly #isValue: Uint8Array;
  readonly #map: Uint8Array;
  readonly #present: Uint8Array;

  constructor(
    readonly settings: Readonly<Record<string, unknown>> & RecallSettings,
    length: number,
  ) {
    const { vocabulary, keys, allowDot } = settings;
    this.vocabulary = Vocabulary.numbered(vocabulary);
    const { ordinary } = this.vocabulary;
    this.keyTokens = ordinary.slice(0, ordinary.length >> 1);
    this.valueTokens = ordinary.slice(ordinary.length >> 1);
    this.arrow = this.vocabulary.id(ARROW);
    this.nothing = this.vocabulary.id(NOTHING);
    if (typeof allowDot !== 'boolean') throw new RangeError(`${this.id}: allowDot is true or false, not ${allowDot}`);
    requireInteger(`${this.id}: the tokens of a key`, keys, 1, 16);
    this.possible = this.keyTokens.length ** keys;
    if (this.possible > MOST_KEYS)
      throw new RangeError(
        `${this.id}: ${keys} tokens of ${this.keyTokens.length} give ${this.possible} keys: at most ${MOST_KEYS}`,
      );
    this.#digit = new Int32Array(LARGEST_VOCABULARY).fill(-1);
    this.#isValue = new Uint8Array(LARGEST_VOCABULARY);
    this.keyTokens.forEach((id, digit) => {
      this.#digit[id] = digit;
    });
    for (const id of this.valueTokens) this.#isValue[id] = 1;
    this.#map = new Uint8Array(this.possible);
    this.#present = new Uint8Array(this.possible);
    const published = publishedRecall.some((p) => p.vocabulary === vocabulary && p.length === length);
    const what = `vocabulary ${vocabulary}, keys of ${keys} token${keys > 1 ? 's' : ''}${allowDot ? ', absent keys asked for too' : ''}`;
    this.kind =
      published && keys === 1 && !allowDot ? 'generated-equivalent' : `generated-variant:${what}, length ${length}`;
    this.about = what;
    this.guesses = [
      { method: 'the value of the last pair', guess: (prompt) => [prompt[prompt.length - keys - 2]] },
      { method: 'the value of the first pair', guess: (prompt) => [prompt[keys]] },
    ];
  }

  pairs(length: number): number {
    const { keys } = this.settings;
    requireInteger(`${this.id}: the length`, length, keys + 1, 2 ** 24);
    return Math.floor(length / (keys + 1));
  }
  tokens(length: number): number {
    return this.pairs(length) * (this.settings.keys + 1) + this.settings.keys + 2;
  }
  lengthOf(tokens: number): number {
    return tokens - this.settings.keys - 2;
  }
  chance(): number {
    return 1 / (this.valueTokens.length + (this.settings.allowDot ? 1 : 0));
  }
  /** Equal examples have equal keys at least. */
  bits(length: number): number {
    return this.pairs(length) * Math.log2(this.possible);
  }

  draw(draws: Draws, length: number, out: Uint8Array): void {
    const { keys, allowDot } = this.settings;
    const { keyTokens, valueTokens, possible } = this;
    const map = this.#map;
    const present = this.#present.fill(0);
    drawSymbols(draws, valueTokens.length, map, 0, possible);
    const pairs = this.pairs(length);
    const step = keys + 1;
    drawSymbols(draws, keyTokens.length, out, 0, pairs, step);
    for (let t = 1; t < keys; t++) drawSymbols(draws, keyTokens.length, out, t, pairs, step);
    for (let at = 0; at < pairs * step; at += step) {
      let key = 0;
      for (let t = 0; t < keys; t++) {
        key = key * keyTokens.length + out[at + t];
        out[at + t] = keyTokens[out[at + t]];
      }
      present[key] = 1;
      out[at + keys] = valueTokens[map[key]];
    }
    let query = draws.integer(possible);
    if (!present[query] && !allowDot) {
      const occurring = Array.from(present.keys()).filter((key) => present[key]);
      query = occurring[draws.integer(occurring.length)];
    }
    let at = pairs * step;
    out[at++] = this.arrow;
    for (let t = keys - 1, rest = query; t >= 0; t--) {
      out[at + t] = keyTokens[rest % keyTokens.length];
      rest = Math.floor(rest / keyTokens.length);
    }
    out[at + keys] = present[query] ? valueTokens[map[query]] : this.nothing;
  }

  solve(prompt: Uint8Array): number[] {
    const { keys } = this.settings;
    const query = prompt.subarray(prompt.length - keys);
    const end = prompt.length - keys - 1;
    for (let at = 0; at < end; at += keys + 1)
      if (equal(prompt.subarray(at, at + keys), query)) return [prompt[at + keys]];
    return [this.nothing];
  }

  fault(example: Uint8Array): string | null {
    const { keys, allowDot } = this.settings;
    const { tokens } = this.vocabulary;
    const end = example.length - keys - 2;
    const name = (at: number) => this.vocabulary.decode(example.subarray(at, at + keys));
    if (end < keys + 1 || end % (keys + 1) !== 0)
      return `${example.length} tokens are not pairs, =>, a key and a value`;
    if (example[end] !== this.arrow) return `token ${end + 1} is not =>`;
    const values = new Int32Array(this.possible).fill(-1);
    for (let at = 0; at < end; at += keys + 1) {
      const key = this.#keyAt(example, at);
      if (key < 0) return `${name(at)} is no key (token ${at + 1})`;
      const value = example[at + keys];
      if (!this.#isValue[value]) return `${tokens[value]} is no value (token ${at + keys + 1})`;
      if (values[key] >= 0 && values[key] !== value)
        return `the key ${name(at)} has two values (token ${at + keys + 1})`;
      values[key] = value;
    }
    const query = this.#keyAt(example, end + 1);
    if (query < 0) return `the query ${name(end + 1)} is no key`;
    if (values[query] < 0 && !allowDot) return `the query ${name(end + 1)} did not occur`;
    const right = values[query] < 0 ? this.nothing : values[query];
    const given = example[example.length - 1];
    return given === right ? null : `the answer is ${tokens[right]}, not ${tokens[given]}`;
  }

  /** The number of the key that stands there, -1 when it is none. */
  #keyAt(example: Uint8Array, at: number): number {
    let key = 0;
    for (let t = 0; t < this.settings.keys; t++) {
      const digit = this.#digit[example[at + t]];
      if (digit < 0) return -1;
      key = key * this.keyTokens.length + digit;
    }
    return key;
  }

  compare(examples: readonly Uint8Array[], length: number): Comparison[] {
    return compareRecall(this, examples, length);
  }
}

/** Opens associative recall; every option has safari's default. A published setting is in `publishedRecall`. */
export function openAssociativeRecall(options: RecallOptions = {}): SyntheticTokens<AssociativeRecall> {
  const { vocabulary, keys, allowDot, length } = { ...recallDefaults, ...options };
  const language = new AssociativeRecall({ vocabulary, keys, allowDot }, length);
  const size = { seed: options.seed ?? 0, length, sizes: options.sizes ?? {}, testLength: options.testLength };
  return new SyntheticTokens(language, size, recallDefaults.sizes, {
    ...{ module: import.meta.url, name: 'openAssociativeRecall', settings: options },
  });
}
