/**
 * GPT-2's tokens of a text (Radford et al. 2019): the text is cut by
 *
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * and the UTF-8 bytes of each piece are merged, pair by pair, in the order in which the merges were learnt. Ids are those
 * of GPT-2: 0..255 bytes, 256..50255 merges. The text `<|endoftext|>` is text like any other here (the papers' loaders
 * take it for the token 50256 wherever it stands); whoever packs documents appends the token.
 */
import { mergeShort, type Vocabulary } from './gpt2-vocabulary.ts';
import { mergeLong } from './merge-long.ts';
import { space, unicodeClasses } from './unicode-classes.ts';
import { WordCache } from './word-cache.ts';

/** Longer pieces are merged by `mergeLong` and not remembered. */
const SHORT = 64;
const BLANK = 0x20;
const QUOTE = 0x27;

export class Bpe {
  readonly #vocabulary: Vocabulary;
  readonly #classes = unicodeClasses();
  readonly #cache = new WordCache();
  readonly #parts = new Uint16Array(SHORT);
  #out = new Uint16Array(1 << 16);
  #size = 0;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  encode(text: string): Uint16Array {
    return this.encodeBytes(Buffer.from(text)).slice();
  }

  /** `bytes[from .. to)` must be UTF-8 to its end. The result is overwritten by the next call. */
  encodeBytes(bytes: Uint8Array, from = 0, to = bytes.length): Uint16Array {
    this.#size = 0;
    // No text has more tokens than bytes.
    if (this.#out.length < to - from) this.#out = new Uint16Array(Math.max(to - from, 2 * this.#out.length));
    for (let at = from; at < to; ) {
      const end = this.#piece(bytes, at, to);
      this.#word(bytes, at, end);
      at = end;
    }
    return this.#out.subarray(0, this.#size);
  }

  decode(ids: ArrayLike<number>): string {
    const { bytes, starts } = this.#vocabulary;
    return Buffer.concat(Array.from(ids, (id) => bytes.subarray(starts[id], starts[id + 1]))).toString('utf8');
  }

  /** Where the piece that begins at `at` ends. */
  #piece(bytes: Uint8Array, at: number, to: number): number {
    const first = bytes[at];
    if (first === QUOTE) {
      const end = contraction(bytes, at, to);
      if (end) return end;
    }
    const start = first === BLANK && at + 1 < to ? at + 1 : at;
    const code = codePoint(bytes, start);
    const kind = this.#classes[code];
    if (kind !== space) return this.#run(bytes, start + width(bytes[start]), to, kind);
    // \s+(?!\S): all of the white space at the end of the text, all but its last character elsewhere.
    let last = at;
    let end = at;
    while (end < to && this.#classes[codePoint(bytes, end)] === space) {
      last = end;
      end += width(bytes[end]);
    }
    return end === to || last === at ? end : last;
  }

  #run(bytes: Uint8Array, at: number, to: number, kind: number): number {
    const classes = this.#classes;
    while (at < to) {
      const byte = bytes[at];
      if (byte < 0x80) {
        if (classes[byte] !== kind) break;
        at++;
      } else {
        if (classes[codePoint(bytes, at)] !== kind) break;
        at += width(byte);
      }
    }
    return at;
  }

  #word(bytes: Uint8Array, from: number, to: number): void {
    const n = to - from;
    const { ofByte, merges } = this.#vocabulary;
    if (n === 1) {
      this.#out[this.#size++] = ofByte[bytes[from]];
      return;
    }
    if (n > SHORT) {
      const parts = Uint16Array.from(bytes.subarray(from, to), (byte) => ofByte[byte]);
      const left = mergeLong(parts, n, merges);
      this.#out.set(parts.subarray(0, left), this.#size);
      this.#size += left;
      return;
    }
    const known = this.#cache.find(bytes, from, to, this.#out, this.#size);
    if (known) {
      this.#size += known;
      return;
    }
    const parts = this.#parts;
    for (let i = 0; i < n; i++) parts[i] = ofByte[bytes[from + i]];
    const left = mergeShort(parts, n, merges);
    for (let i = 0; i < left; i++) this.#out[this.#size++] = parts[i];
    this.#cache.add(bytes, from, to, parts, left);
  }
}

/** The end of 's 't 're 've 'm 'll 'd at `at`, or 0. */
function contraction(bytes: Uint8Array, at: number, to: number): number {
  const a = at + 1 < to ? bytes[at + 1] : 0;
  if (a === 0x73 || a === 0x74 || a === 0x6d || a === 0x64) return at + 2; // s t m d
  const b = at + 2 < to ? bytes[at + 2] : 0;
  const isLong = (a === 0x72 && b === 0x65) || (a === 0x76 && b === 0x65) || (a === 0x6c && b === 0x6c); // re ve ll
  return isLong ? at + 3 : 0;
}

/** Bytes of the character that begins with this one. */
const width = (byte: number): number => (byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4);

function codePoint(bytes: Uint8Array, at: number): number {
  const a = bytes[at];
  if (a < 0x80) return a;
  if (a < 0xe0) return ((a & 0x1f) << 6) | (bytes[at + 1] & 0x3f);
  if (a < 0xf0) return ((a & 0x0f) << 12) | ((bytes[at + 1] & 0x3f) << 6) | (bytes[at + 2] & 0x3f);
  return ((a & 0x07) << 18) | ((bytes[at + 1] & 0x3f) << 12) | ((bytes[at + 2] & 0x3f) << 6) | (bytes[at + 3] & 0x3f);
}
