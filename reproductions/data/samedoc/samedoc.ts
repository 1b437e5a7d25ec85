/**
 * `retrieval-samedoc`: whether two pieces of text are of one document, in the place of LRA Retrieval (AAN). Pieces of
 * 3,999 characters of the Brown corpus and of State of the Union addresses; splits share no document (`documents.ts`);
 * pairs are drawn by the seed and their number (`pairs.ts`), half of them positive. Vocabulary of the training pieces.
 */
import { UsageError } from '../../../results/terminal/errors.ts';
import { type CacheArrays, cached, keyHash } from '../cache.ts';
import { brownPackage, stdlibDatasets } from '../corpora/packages.ts';
import { type SplitName, splitNames } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { Draws } from '../draws.ts';
import { CharacterTexts, contentInMemory, encodeTexts } from '../text/character-texts.ts';
import { chosenSizes } from '../text/sizes.ts';
import { CHUNK, readDocuments, type SplitDocument } from './documents.ts';
import { labelOf, PairDrawer, type Span } from './pairs.ts';

const ID = 'retrieval-samedoc';
const RECIPE = 1;
export const pairSizes: Record<SplitName, number> = { train: 20_000, validation: 2_000, test: 4_000 };
/** First sample number of each split. */
const firstSample: Record<SplitName, number> = { train: 0, validation: 1_000_000, test: 2_000_000 };

/** Throws `MissingFileError` when a package is not here. */
export async function openSameDoc({ folder, seed = 0, sizes: asked }: OpenOptions = {}): Promise<CharacterTexts> {
  if (folder !== undefined)
    throw new UsageError(`${ID} is made from npm packages: there are no files to read in ${folder}, leave them out`);
  const sizes = chosenSizes(ID, pairSizes, asked);
  return samePairs(await chunkUnit(), seed, sizes);
}

/** The encoded chunks, from the cache or out of the packages. */
export function chunkUnit(): Promise<CacheArrays> {
  const key = { dataset: ID, recipe: RECIPE, packages: [brownPackage.integrity, stdlibDatasets.integrity] };
  return cached(`${ID}/${keyHash(key)}.lcd`, key, async () => encodeChunks(readDocuments(ID)));
}

/** Chunks of the training, validation and test documents, encoded; of each document the `collection` and its `chunks`. */
export async function encodeChunks(documents: readonly SplitDocument[]): Promise<CacheArrays> {
  const part = (split: SplitName) => documents.filter((document) => document.split === split);
  const texts = (split: SplitName) => () =>
    part(split).flatMap(({ chunks }) => chunks.map((text) => ({ text, label: 0 })));
  const sorted = splitNames.flatMap(part);
  return {
    ...(await encodeTexts(splitNames.map(texts), { most: CHUNK, minFrequency: 1 })),
    documents: Int32Array.from(splitNames, (split) => part(split).length),
    collections: Uint8Array.from(sorted, ({ collection }) => (collection === 'brown' ? 0 : 1)),
    chunks: Int32Array.from(sorted, ({ chunks }) => chunks.length),
  };
}

/** Documents of each split, with the numbers of their chunks. */
export function spansOf({ documents, collections, chunks }: CacheArrays): Record<SplitName, Span[]> {
  let first = 0;
  let document = 0;
  const spans = { train: [] as Span[], validation: [] as Span[], test: [] as Span[] };
  splitNames.forEach((split, s) => {
    for (const end = document + documents[s]; document < end; document++) {
      spans[split].push({ collection: collections[document] ? 'sotu' : 'brown', first, chunks: chunks[document] });
      first += chunks[document];
    }
  });
  return spans;
}

export function samePairs(arrays: CacheArrays, seed: number, sizes: Record<SplitName, number>): CharacterTexts {
  const spans = spansOf(arrays);
  const draws = new Draws(seed, `data/${ID}`);
  const order: number[] = [];
  const labels: number[] = [];
  for (const split of splitNames) {
    const drawer = new PairDrawer(spans[split]);
    for (let i = 0; i < sizes[split]; i++) {
      const { first, second, label } = drawer.draw(draws.start(firstSample[split] + i), labelOf(i));
      order.push(first, second);
      labels.push(label);
    }
  }
  const pairs = {
    ...{ tokens: arrays.tokens, offsets: arrays.offsets, vocabulary: arrays.vocabulary },
    ...{ labels: Uint8Array.from(labels), order: Int32Array.from(order) },
    counts: Int32Array.from(splitNames, (split) => 2 * sizes[split]),
  };
  return new CharacterTexts(
    {
      ...{ id: ID, kind: `stand-in:${ID}`, classes: 2, most: CHUNK, pairs: true },
      description: ({ train, validation, test }) =>
        'whether two pieces of 3,999 characters are of one document (Brown corpus, State of the Union addresses; ' +
        `${train} / ${validation} / ${test} pairs, seed ${seed}), in the place of citing papers: another task of the same shape`,
    },
    contentInMemory(pairs, true),
  );
}
