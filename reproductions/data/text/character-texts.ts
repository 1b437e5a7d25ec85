/** Classified texts by characters: encoded once into the arrays of a cache unit, then read from there. */
import { createHash } from 'node:crypto';
import type { CacheArrays } from '../cache.ts';
import type { DataKind, Dataset, SplitName } from '../dataset.ts';
import { CharacterCounts, TextsEncoder } from './characters.ts';
import { LabelledRows } from './labelled-rows.ts';
import { rowsInMemory, type TokenRows } from './rows.ts';
import { chosenSizes } from './sizes.ts';
import {
  buildVocabulary,
  END,
  lraSpecials,
  PAD,
  packVocabulary,
  unpackVocabulary,
  type Vocabulary,
} from './vocabulary.ts';

export interface LabelledText {
  text: string;
  label: number;
}

export interface EncodingOptions {
  /** Characters of a text; the rest is cut off, before they are counted. */
  most: number;
  /** Rarer characters become `<unk>`. */
  minFrequency: number;
}

export type LabelledTexts = () => Iterable<LabelledText> | AsyncIterable<LabelledText>;

/**
 * Texts of several parts one after another, with the vocabulary of the first part, which is gone through twice:
 * `tokens`, `offsets`, `labels`, `counts` of the parts' texts, `vocabulary`.
 */
export async function encodeTexts(
  parts: readonly LabelledTexts[],
  { most, minFrequency }: EncodingOptions,
): Promise<CacheArrays> {
  const characters = new CharacterCounts();
  for await (const { text } of parts[0]()) characters.count(text, most);
  const vocabulary = buildVocabulary(characters, { specials: lraSpecials, minFrequency });
  const counts = new Int32Array(parts.length);
  const labels: number[] = [];
  const encoder = new TextsEncoder(most, vocabulary);
  for (const [i, part] of parts.entries())
    for await (const { text, label } of part()) {
      counts[i]++;
      labels.push(label);
      encoder.add(text);
    }
  return { ...encoder.finish(), labels: Uint8Array.from(labels), counts, vocabulary: packVocabulary(vocabulary) };
}

export interface CharacterTextsAbout {
  id: string;
  kind: DataKind;
  /** `sizes` are those that are used. */
  description(sizes: Record<SplitName, number>): string;
  classes: number;
  most: number;
  pairs?: boolean;
  reopen?: Dataset['reopen'];
}

/** Encoded texts, wherever they are kept. */
export interface CharacterTextsContent {
  rows: TokenRows;
  labels: ArrayLike<number>;
  /** Examples of two or three parts: train, (validation,) test. Of two, the test split is also the validation split. */
  counts: readonly number[];
  vocabulary: Vocabulary;
  /** Changes when any of this does. */
  digest: string;
}

/** Out of what `encodeTexts` made; `order`, when there is one, has the text of each row. */
export function contentInMemory(arrays: CacheArrays, pairs = false): CharacterTextsContent {
  const offsets = arrays.offsets as Int32Array;
  const texts = rowsInMemory({ tokens: arrays.tokens, offsets });
  const { order } = arrays;
  const hash = createHash('sha256');
  for (const array of [arrays.tokens, offsets, arrays.labels, arrays.counts, arrays.vocabulary, order])
    if (array) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return {
    rows: order ? { count: order.length, row: (i) => texts.row(order[i]) } : texts,
    labels: arrays.labels,
    counts: Array.from(arrays.counts, (count) => count / (pairs ? 2 : 1)),
    vocabulary: unpackVocabulary(arrays.vocabulary as Uint8Array),
    digest: hash.digest('hex'),
  };
}

export class CharacterTexts extends LabelledRows {
  readonly vocabulary: Vocabulary;
  /** Characters by id. */
  readonly #shown: string[];
  /** The same as UTF-16 units, where each is a single one. */
  readonly #units: Uint16Array | null;

  constructor(
    about: CharacterTextsAbout,
    { rows, labels, counts, vocabulary, digest }: CharacterTextsContent,
    asked: Partial<Record<SplitName, number>> = {},
  ) {
    const [train, validation, test = validation] = counts;
    const afterTrain = counts.length === 2 ? train : train + validation;
    const sizes = chosenSizes(about.id, { train, validation, test }, asked);
    super({
      ...{ id: about.id, kind: about.kind, description: about.description(sizes), classes: about.classes },
      ...{ length: about.most + 1, vocabulary: vocabulary.size, sizes, rows, labels },
      ...{ padding: vocabulary.id(PAD), end: vocabulary.id(END) },
      first: { train: 0, validation: train, test: afterTrain },
      checksum: createHash('sha256')
        .update(JSON.stringify([digest, counts, sizes]))
        .digest('hex'),
      ...(about.pairs ? { pairs: true } : {}),
      ...(about.reopen ? { reopen: about.reopen } : {}),
    });
    this.vocabulary = vocabulary;
    this.#shown = vocabulary.tokens.map((token) => (lraSpecials.includes(token) ? '\ufffd' : token));
    this.#units = this.#shown.every(({ length }) => length === 1)
      ? Uint16Array.from(this.#shown, (character) => character.charCodeAt(0))
      : null;
  }

  /** The characters of a text as far as the model sees them; U+FFFD where that is `<unk>`. */
  text(split: SplitName, index: number, side: 0 | 1 = 0): string {
    const ids = this.tokens(split, index, side);
    const shown = this.#shown;
    if (!this.#units) return Array.from(ids, (id) => shown[id]).join('');
    const units = new Uint16Array(ids.length);
    for (let i = 0; i < ids.length; i++) units[i] = this.#units[ids[i]];
    return Buffer.from(units.buffer).toString('utf16le');
  }
}
