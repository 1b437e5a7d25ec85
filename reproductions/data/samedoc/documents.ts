/** The documents of `retrieval-samedoc` and what they are cut into. */
import { createHash } from 'node:crypto';
import { type Address, addresses } from '../corpora/addresses.ts';
import { type BrownDocument, brownDocuments, brownText } from '../corpora/brown.ts';
import { keyModulo } from '../corpora/messages.ts';
import { brownPackage, stdlibDatasets } from '../corpora/packages.ts';
import type { SplitName } from '../dataset.ts';
import { packageFolder } from '../packages/packages.ts';

export type Collection = 'brown' | 'sotu';

export interface SplitDocument {
  /** `brown/ca01`, `sotu/1790_george_washington_n`. */
  id: string;
  collection: Collection;
  split: SplitName;
  /** Disjoint, each of `CHUNK` characters; what is left at the end is dropped. */
  chunks: string[];
}

/** With `<eos>` 4,000, the length of LRA Retrieval. */
export const CHUNK = 3999;

/** By SHA-1 of the id modulo 100: below 70 train, below 85 validation, else test. */
export function splitOf(id: string): SplitName {
  const at = keyModulo(createHash('sha1').update(id).digest('hex'), 100);
  return at < 70 ? 'train' : at < 85 ? 'validation' : 'test';
}

export function chunksOf(text: string): string[] {
  const characters = Array.from(text);
  return Array.from({ length: Math.floor(characters.length / CHUNK) }, (_, i) =>
    characters.slice(i * CHUNK, (i + 1) * CHUNK).join(''),
  );
}

/** Documents by collection and id. */
export function splitDocuments(brown: readonly BrownDocument[], speeches: readonly Address[]): SplitDocument[] {
  const document = (collection: Collection, name: string, text: string): SplitDocument => {
    const id = `${collection}/${name}`;
    return { id, collection, split: splitOf(id), chunks: chunksOf(text) };
  };
  return [
    ...brown.map((one) => document('brown', one.id, brownText(one))),
    ...speeches.map(({ id, text }) => document('sotu', id, text)),
  ];
}

/** Throws `MissingFileError` when a package is not here. */
export const readDocuments = (dataset: string): SplitDocument[] =>
  splitDocuments(
    brownDocuments(packageFolder(brownPackage, dataset)),
    addresses(packageFolder(stdlibDatasets, dataset)),
  );
