/** `img-emoji9` as it was decoded here beside the numbers that were counted and measured when the recipe was made. */
import { createHash } from 'node:crypto';
import type { Comparison } from '../comparison.ts';
import { MissingFileError, splitNames } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import type { ImageDataset } from '../image/image-dataset.ts';
import { compareCount, compareCounts, compareMoments, countsOf, imageMoments } from '../image/statistics.ts';
import { EMOJI_ID, emojiNormalisation, openEmoji } from './emoji9.ts';

/** Pictures (two for each concept) of every class: Activities, Animals & Nature, Flags ... */
export const emojiCounts = {
  all: [85, 159, 270, 131, 264, 386, 169, 224, 218].map((concepts) => 2 * concepts),
  train: [136, 258, 428, 216, 432, 588, 290, 342, 356],
  validation: [18, 32, 50, 16, 60, 92, 32, 50, 38],
  test: [16, 28, 62, 30, 36, 92, 16, 56, 42],
} as const;

/** Of all pixels in order of the splits; the same bytes come from Pillow 9.4 by the same recipe. */
export const emojiDigest = 'edc7c97cb6727d9db670116c7a72a8064a47d079bc69b930d3b8683d7b2c0907';

export async function verifyEmoji({ from, signal, progress }: VerifyOptions): Promise<Verified> {
  if (from !== undefined)
    throw new MissingFileError(`${EMOJI_ID} is made from npm packages; there are no files of it to verify`);
  const data = await openEmoji({ ...(signal ? { signal } : {}), ...(progress ? { progress } : {}) });
  return { what: data.description, rows: compareEmoji(data), complaints: [] };
}

export function compareEmoji(data: ImageDataset): Comparison[] {
  const { splits, classNames } = data.images;
  const counts = splitNames.map((split) => countsOf(splits[split].labels, classNames.length));
  const all = counts.reduce((sum, part) => sum.map((n, c) => n + part[c]));
  const total = all.reduce((a, b) => a + b, 0);
  const hash = createHash('sha256');
  for (const split of splitNames) hash.update(splits[split].pixels);
  const digest = hash.digest('hex');
  const { gray, rgb } = emojiNormalisation;
  const constants = {
    ...{ mean: rgb.map(([mean]) => mean), sd: rgb.map(([, sd]) => sd) },
    ...{ grayMean: gray[0] * 255, graySd: gray[1] * 255 },
  };
  return [
    compareCount('concepts', total / 2, 1906),
    compareCount('pictures', total, 3812),
    compareCounts('pictures of each class', all, emojiCounts.all),
    ...splitNames.map((split, i) => compareCounts(`pictures of each class, ${split}`, counts[i], emojiCounts[split])),
    {
      ...{ quantity: 'SHA-256 of all pixels', here: digest.slice(0, 16), reference: emojiDigest.slice(0, 16) },
      ...{ distance: digest === emojiDigest ? 0 : 1, limit: 0, measure: 'differs from Pillow' },
    },
    ...compareMoments('training pictures', imageMoments(splits.train.pixels, data.length), constants, {
      ...{ mean: 0.00006, sd: 0.00006, grayMean: 0.006, graySd: 0.006, measure: 'difference; digits of the constants' },
    }),
    {
      ...{ quantity: 'test pictures that are in training too', here: copies(data), reference: 2 },
      ...{ distance: null, limit: null, measure: 'other concepts that look the same' },
    },
  ];
}

function copies({ images: { splits }, length }: ImageDataset): number {
  const of = (split: 'train' | 'test') => {
    const { pixels, size } = splits[split];
    return Array.from({ length: size }, (_, i) =>
      createHash('sha1')
        .update(pixels.subarray(i * 3 * length, (i + 1) * 3 * length))
        .digest('hex'),
    );
  };
  const known = new Set(of('train'));
  return of('test').filter((digest) => known.has(digest)).length;
}
