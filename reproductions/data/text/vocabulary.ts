/**
 * Vocabularies as torchtext's `build_vocab_from_iterator` makes them (pytorch/text, vocab_factory.py): the special
 * tokens in the given order, then every other token that occurs often enough, by frequency descending and among
 * equals by the token ascending. Python compares strings by code points; JavaScript's `<` compares UTF-16 units, which
 * puts U+1F600 before U+FF5E. Only the training split is counted.
 */

export const PAD = '<pad>';
export const UNKNOWN = '<unk>';
export const END = '<eos>';

/** Of the Long Range Arena's text tasks in the S4 loaders: `<eos>` is appended, nothing is put before. */
export const lraSpecials: readonly string[] = [PAD, UNKNOWN, END];

export interface VocabularyOptions {
  specials: readonly string[];
  /** Rarer tokens are left out. Default 1. */
  minFrequency?: number;
}

export class Vocabulary {
  readonly #ids: Map<string, number>;
  readonly #unknown: number | undefined;

  /** `tokens` by id. Throws `RangeError` when one occurs twice. */
  constructor(readonly tokens: readonly string[]) {
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    if (this.#ids.size !== tokens.length) throw new RangeError('a vocabulary has a token twice');
    this.#unknown = this.#ids.get(UNKNOWN);
  }

  get size(): number {
    return this.tokens.length;
  }

  has(token: string): boolean {
    return this.#ids.has(token);
  }

  /** That of `<unk>` for a token that is not there; without an `<unk>` it throws `RangeError`. */
  id(token: string): number {
    const id = this.#ids.get(token) ?? this.#unknown;
    if (id === undefined) throw new RangeError(`${JSON.stringify(token)} is not in the vocabulary, which has no <unk>`);
    return id;
  }
}

/** `counts` of the training split; tokens that are special symbols count for nothing. */
export function buildVocabulary(
  counts: Iterable<readonly [token: string, count: number]>,
  { specials, minFrequency = 1 }: VocabularyOptions,
): Vocabulary {
  const kept = Array.from(counts).filter(([token, count]) => count >= minFrequency && !specials.includes(token));
  kept.sort((a, b) => b[1] - a[1] || byCodePoints(a[0], b[0]));
  return new Vocabulary([...specials, ...kept.map(([token]) => token)]);
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** Order of two strings by their code points, as Python and UTF-8 have it; a surrogate alone is a code point of its own. */
export function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // The code points that differ may have begun one unit before, with the same high surrogate.
    const at = i > 0 && isHigh(a.charCodeAt(i - 1)) && (isLow(x) || isLow(y)) ? i - 1 : i;
    return (a.codePointAt(at) as number) - (b.codePointAt(at) as number);
  }
  return a.length - b.length;
}

/** A vocabulary as bytes of a cache unit, and back. */
export const packVocabulary = ({ tokens }: Vocabulary): Uint8Array => new TextEncoder().encode(JSON.stringify(tokens));
export const unpackVocabulary = (bytes: Uint8Array): Vocabulary =>
  new Vocabulary(JSON.parse(new TextDecoder().decode(bytes)) as string[]);
