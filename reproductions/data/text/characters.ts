/** Texts as sequences of characters, that is of Unicode code points (Python's `list(text)`), not of bytes or UTF-16 units. */
import type { CacheArray } from '../cache.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Number of characters of a text. */
export function characterCount(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++)
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) count--;
  return count;
}

/** How often each code point occurred in the texts that were counted. */
export class CharacterCounts {
  readonly #counts = new Float64Array(0x110000);

  /** Counts the first `most` characters of `text`. */
  count(text: string, most: number): void {
    for (let at = 0, n = 0; at < text.length && n < most; n++) {
      const point = text.codePointAt(at) as number;
      this.#counts[point]++;
      at += point > 0xffff ? 2 : 1;
    }
  }

  *[Symbol.iterator](): Generator<[string, number]> {
    for (let point = 0; point < this.#counts.length; point++)
      if (this.#counts[point]) yield [String.fromCodePoint(point), this.#counts[point]];
  }
}

/** Ids of characters: a table by code point. */
export class CharacterEncoder {
  readonly #ids: Uint16Array;

  constructor(vocabulary: Vocabulary) {
    if (vocabulary.size > 0xffff) throw new RangeError(`${vocabulary.size} characters are too many for a vocabulary`);
    this.#ids = new Uint16Array(0x110000).fill(vocabulary.id('<unk>'));
    vocabulary.tokens.forEach((token, id) => {
      const point = token.codePointAt(0) as number;
      if (token.length === (point > 0xffff ? 2 : 1)) this.#ids[point] = id;
    });
  }

  /** Writes the ids of the first `most` characters to `ids` from `at` on and returns how many they are. */
  encode(text: string, most: number, ids: Uint8Array | Uint16Array | Int32Array, at = 0): number {
    let n = 0;
    for (let i = 0; i < text.length && n < most; n++) {
      const point = text.codePointAt(i) as number;
      ids[at + n] = this.#ids[point];
      i += point > 0xffff ? 2 : 1;
    }
    return n;
  }
}

/** Array for `length` ids below `size`, as small as can be. */
export const idArray = (size: number, length: number): Uint8Array | Int32Array =>
  size <= 256 ? new Uint8Array(length) : new Int32Array(length);

/** Tokens one after another; row i is `tokens[offsets[i] .. offsets[i + 1])`. */
export interface EncodedTexts {
  tokens: CacheArray;
  offsets: Int32Array;
}

/** Encodes texts one after another: nothing but their ids is held. */
export class TextsEncoder {
  readonly #encoder: CharacterEncoder;
  readonly #offsets: number[] = [0];
  readonly #scratch: Uint16Array;
  #tokens: Uint8Array | Int32Array;
  #end = 0;

  /** The first `most` characters of each text are kept. */
  constructor(
    readonly most: number,
    readonly vocabulary: Vocabulary,
  ) {
    this.#encoder = new CharacterEncoder(vocabulary);
    this.#scratch = new Uint16Array(most);
    this.#tokens = idArray(vocabulary.size, 1 << 16);
  }

  add(text: string): void {
    const n = this.#encoder.encode(text, this.most, this.#scratch);
    if (this.#end + n > this.#tokens.length) {
      const larger = idArray(this.vocabulary.size, Math.max(2 * this.#tokens.length, this.#end + n));
      larger.set(this.#tokens);
      this.#tokens = larger;
    }
    this.#tokens.set(this.#scratch.subarray(0, n), this.#end);
    this.#end += n;
    this.#offsets.push(this.#end);
  }

  finish(): EncodedTexts {
    return { tokens: this.#tokens.slice(0, this.#end), offsets: Int32Array.from(this.#offsets) };
  }
}
