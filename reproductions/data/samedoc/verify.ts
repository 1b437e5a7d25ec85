/** `retrieval-samedoc` held to its definition, and beside what was measured when its recipe was written. */
import { majority } from '../baselines/majority.ts';
import { similarPairs } from '../baselines/similar-pairs.ts';
import type { CacheArrays } from '../cache.ts';
import { type Comparison, compareCount, compareNone } from '../comparison.ts';
import { type SplitName, splitNames } from '../dataset.ts';
import type { Baseline, Verified, VerifyOptions, WorkOptions } from '../definition.ts';
import type { CharacterTexts } from '../text/character-texts.ts';
import type { Collection } from './documents.ts';
import { measuredSimilarity, REFERENCE } from './measured.ts';
import type { Span } from './pairs.ts';
import { chunkUnit, openSameDoc, pairSizes, spansOf } from './samedoc.ts';

export async function verifySameDoc({ from, signal, progress }: VerifyOptions): Promise<Verified> {
  const data = await openSameDoc(from === undefined ? {} : { folder: from });
  const arrays = await chunkUnit();
  const similarity = await measuredSimilarity(arrays, {
    ...(signal ? { signal } : {}),
    ...(progress ? { progress } : {}),
  });
  return {
    what: data.description,
    rows: [...compareChunks(arrays), ...comparePairs(data, arrays), similarity],
    complaints: [repeats(data, arrays)],
  };
}

/** Documents and pieces of both collections, whichever split they are in. */
export function compareChunks(arrays: CacheArrays): Comparison[] {
  const spans = Object.values(spansOf(arrays)).flat();
  const of = (collection: Collection) => spans.filter((span) => span.collection === collection);
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const chunks = (all: Span[]) => sum(all.map((span) => span.chunks));
  const pairs = (all: Span[]) => sum(all.map((span) => (span.chunks * (span.chunks - 1)) / 2));
  return [
    compareCount('Brown: documents', of('brown').length, 500),
    compareCount('Brown: pieces', chunks(of('brown')), 1_303),
    compareCount('Brown: possible positive pairs', pairs(of('brown')), 1_106),
    compareCount('addresses: documents', of('sotu').length, 233),
    compareCount('addresses: pieces', chunks(of('sotu')), 2_578),
    compareCount('addresses: possible positive pairs', pairs(of('sotu')), 20_817),
  ];
}

/** Every pair of every split against the definition. */
export function comparePairs(data: CharacterTexts, arrays: CacheArrays): Comparison[] {
  const texts = Array.from({ length: arrays.offsets.length - 1 }, (_, i) =>
    arrays.tokens.subarray(arrays.offsets[i], arrays.offsets[i + 1]),
  );
  const places = placesOf(arrays);
  const seen = new Map(splitNames.map((split) => [split, new Set<string>()]));
  let wrong = 0;
  let mixed = 0;
  let sameNumber = 0;
  const uneven = splitNames.filter((split) => {
    const [zero, one] = data.labelCounts(split);
    return Math.abs(zero - one) > 1;
  }).length;
  for (const split of splitNames)
    for (let i = 0; i < data.sizes[split]; i++) {
      const [a, b] = ([0, 1] as const).map((side) => places.get(data.tokens(split, i, side).byteOffset) as Place);
      if ((a.document === b.document ? 1 : 0) !== data.label(split, i) || a.split !== split || b.split !== split)
        wrong++;
      if (a.collection !== b.collection) mixed++;
      if (a.number === b.number) sameNumber++;
      for (const { chunk } of [a, b]) seen.get(split)?.add(Buffer.from(texts[chunk]).toString('latin1'));
    }
  const shared = splitNames.flatMap((split, s) =>
    splitNames
      .slice(s + 1)
      .flatMap((later) => [...(seen.get(later) ?? [])].filter((text) => seen.get(split)?.has(text))),
  );
  return [
    compareNone('splits that are not balanced', uneven),
    compareNone('pairs whose label or split is not that of their documents', wrong),
    compareNone('pairs across the collections', mixed),
    compareNone('pairs of pieces with the same number', sameNumber),
    compareNone('pieces of one split whose text is in another', shared.length),
  ];
}

interface Place {
  split: SplitName;
  collection: Collection;
  document: number;
  number: number;
  chunk: number;
}

/** Where each chunk is from, by the place of its tokens in memory. */
function placesOf(arrays: CacheArrays): Map<number, Place> {
  const places = new Map<number, Place>();
  const size = arrays.tokens.BYTES_PER_ELEMENT;
  let document = 0;
  for (const [split, spans] of Object.entries(spansOf(arrays)) as [SplitName, Span[]][])
    for (const { collection, first, chunks } of spans) {
      for (let number = 0; number < chunks; number++) {
        const chunk = first + number;
        const at = arrays.tokens.byteOffset + size * arrays.offsets[chunk];
        places.set(at, { split, collection, document, number, chunk });
      }
      document++;
    }
  return places;
}

/** Pairs are drawn with replacement: how many of the test split are different ones. */
function repeats(data: CharacterTexts, arrays: CacheArrays): string {
  const places = placesOf(arrays);
  const different = [new Set<string>(), new Set<string>()];
  for (let i = 0; i < data.sizes.test; i++) {
    const pair = ([0, 1] as const).map((side) => places.get(data.tokens('test', i, side).byteOffset)?.chunk ?? 0);
    different[data.label('test', i)].add(pair.sort((a, b) => a - b).join());
  }
  const [negative, positive] = different.map(({ size }) => size);
  const [zero, one] = data.labelCounts('test');
  return (
    `pairs are drawn with replacement: of the ${one} positive test pairs ${positive} are different ones, ` +
    `of the ${zero} negative ones ${negative}`
  );
}

/** What is known holds for the full number of test pairs. */
export const sameDocBaselines = async (data: CharacterTexts, options: WorkOptions): Promise<Baseline[]> => [
  majority(data),
  await similarPairs(data, data.sizes.test === pairSizes.test ? REFERENCE : undefined, options),
];
