/** Classified texts by characters: encoded once into the arrays of a cache unit, then read from there. */
import { createHash } from 'node:crypto';
import type { CacheArrays } from '../cache.ts';
import type { DataKind, Dataset, SplitName } from '../dataset.ts';
import { CharacterCounts, encodeAll } from './characters.ts';
import { LabelledRows } from './labelled-rows.ts';
import { rowsInMemory } from './rows.ts';
import { chosenSizes } from './sizes.ts';
import {
  buildVocabulary,
  END,
  lraSpecials,
  PAD,
  packVocabulary,
  UNKNOWN,
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

/**
 * Texts of several parts one after another, with the vocabulary of the first part, which is gone through twice:
 * `tokens`, `offsets`, `labels`, `counts` of the parts' texts, `vocabulary`.
 */
export function encodeTexts(
  parts: readonly (() => Iterable<LabelledText>)[],
  { most, minFrequency }: EncodingOptions,
): CacheArrays {
  const characters = new CharacterCounts();
  for (const { text } of parts[0]()) characters.count(text, most);
  const vocabulary = buildVocabulary(characters, { specials: lraSpecials, minFrequency });
  const counts = new Int32Array(parts.length);
  const labels: number[] = [];
  const texts = function* (): Generator<string> {
    for (const [i, part] of parts.entries())
      for (const { text, label } of part()) {
        counts[i]++;
        labels.push(label);
        yield text;
      }
  };
  const encoded = encodeAll(texts(), most, vocabulary);
  return { ...encoded, labels: Uint8Array.from(labels), counts, vocabulary: packVocabulary(vocabulary) };
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

export class CharacterTexts extends LabelledRows {
  readonly vocabulary: Vocabulary;

  /**
   * `arrays` as `encodeTexts` makes them, of two or three parts: train, (validation,) test. Of two, the test split is
   * also the validation split. Of pairs, two texts make an example.
   */
  constructor(about: CharacterTextsAbout, arrays: CacheArrays, asked: Partial<Record<SplitName, number>> = {}) {
    const offsets = arrays.offsets as Int32Array;
    const counts = Array.from(arrays.counts, (count) => count / (about.pairs ? 2 : 1));
    const [train, validation, test = validation] = counts;
    const afterTrain = counts.length === 2 ? train : train + validation;
    const sizes = chosenSizes(about.id, { train, validation, test }, asked);
    const vocabulary = unpackVocabulary(arrays.vocabulary as Uint8Array);
    const hash = createHash('sha256').update(JSON.stringify([counts, sizes]));
    for (const array of [arrays.tokens, offsets, arrays.labels, arrays.vocabulary])
      hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    super({
      ...{ id: about.id, kind: about.kind, description: about.description(sizes), classes: about.classes },
      ...{ length: about.most + 1, vocabulary: vocabulary.size, sizes, checksum: hash.digest('hex') },
      ...{ padding: vocabulary.id(PAD), end: vocabulary.id(END), labels: arrays.labels },
      first: { train: 0, validation: train, test: afterTrain },
      rows: rowsInMemory({ tokens: arrays.tokens, offsets }),
      ...(about.pairs ? { pairs: true } : {}),
      ...(about.reopen ? { reopen: about.reopen } : {}),
    });
    this.vocabulary = vocabulary;
  }

  /** The characters of a text as far as the model sees them; U+FFFD where that is `<unk>`. */
  text(split: SplitName, index: number, side: 0 | 1 = 0): string {
    const { tokens } = this.vocabulary;
    let text = '';
    for (const id of this.tokens(split, index, side)) text += tokens[id] === UNKNOWN ? '\ufffd' : tokens[id];
    return text;
  }
}
