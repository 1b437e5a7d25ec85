/**
 * `img-emoji9`: pictures of 1,906 emoji by two vendors, 32 x 32, nine categories; stands in for CIFAR-10 where that
 * cannot be had. Concepts are split, not pictures; but many concepts resemble each other (the same person with other
 * hair, two flags that differ in a shade) and lie in different splits, which is why nearest neighbours do well.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CacheArrays, cached, keyHash } from '../cache.ts';
import { MissingFileError, splitNames } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { readPng } from '../formats/png.ts';
import {
  firstOf,
  ImageDataset,
  type ImageSplit,
  type ImageView,
  type Normalisation,
  settingsOf,
} from '../image/image-dataset.ts';
import { packageFolder } from '../packages/packages.ts';
import { emojiClasses, readConcepts } from './concepts.ts';
import { type EmojiVendor, emojiVendors } from './packages.ts';
import { SIDE, shrink } from './shrink.ts';

export const EMOJI_ID = 'img-emoji9';
const RECIPE = 1;
const IMAGE = 3 * SIDE * SIDE;

/** Moments of the training images. */
export const emojiNormalisation: Normalisation = {
  gray: [195.2 / 255, 65.84 / 255],
  rgb: [
    [0.807, 0.2876],
    [0.7564, 0.2801],
    [0.7032, 0.3336],
  ],
};

export interface EmojiOptions extends OpenOptions, ImageView {
  /** For tests: packages of the same layout. */
  vendors?: readonly EmojiVendor[];
}

/** From the cache, or decoded now (about two seconds). Throws `MissingFileError` when a package is not there. */
export async function openEmoji(options: EmojiOptions = {}): Promise<ImageDataset> {
  if (options.folder !== undefined)
    throw new MissingFileError(`${EMOJI_ID} is made from npm packages and reads no folder: leave it out`);
  const vendors = options.vendors ?? emojiVendors;
  const key = {
    ...{ dataset: EMOJI_ID, recipe: RECIPE },
    packages: vendors.map(({ pin }) => [pin.npm, pin.version, pin.integrity]),
  };
  const file = `${EMOJI_ID}/${keyHash(key)}.lcd`;
  const { pixels, labels, counts } = await cached(file, key, async () => decode(vendors, options));
  const splits = {} as Record<(typeof splitNames)[number], ImageSplit>;
  let at = 0;
  splitNames.forEach((split, i) => {
    const part = {
      pixels: (pixels as Uint8Array).subarray(at * IMAGE, (at + counts[i]) * IMAGE),
      labels: (labels as Uint8Array).subarray(at, at + counts[i]),
    };
    splits[split] = { ...part, members: null, size: firstOf(EMOJI_ID, split, counts[i], options.sizes?.[split]) };
    at += counts[i];
  });
  const sizes = splitNames.map((split) => splits[split].size);
  const images = {
    ...{ id: EMOJI_ID, kind: `stand-in:${EMOJI_ID}` as const, height: SIDE, width: SIDE, classNames: emojiClasses },
    ...{ splits, normalisation: emojiNormalisation },
    reopen: { module: import.meta.url, name: 'openEmoji', settings: settingsOf(options) },
    description:
      `emoji pictures of ${vendors.map(({ name }) => name).join(' and ')} on white, 32 x 32, nine categories, split by ` +
      `concept (${sizes.join(' / ')} images); not CIFAR-10`,
    checksum: createHash('sha256').update(pixels).update(labels).update(JSON.stringify(sizes)).digest('hex'),
  };
  return new ImageDataset(images, options);
}

/** Whether it has all pictures of the real packages. */
export const isWhole = ({ sizes }: ImageDataset): boolean =>
  sizes.train === 3046 && sizes.validation === 388 && sizes.test === 378;

/** `pixels` (n, 3, 32, 32), `labels` (n), `counts` of the three splits, which lie one after another. */
function decode(vendors: readonly EmojiVendor[], { signal, progress }: EmojiOptions): CacheArrays {
  const folders = vendors.map(({ name, pin }) => ({ name, folder: packageFolder(pin, EMOJI_ID) }));
  const concepts = readConcepts(folders[0].folder);
  const ordered = splitNames.flatMap((split) => concepts.filter((concept) => concept.split === split));
  const n = ordered.length * folders.length;
  const pixels = new Uint8Array(n * IMAGE);
  const labels = new Uint8Array(n);
  let i = 0;
  for (const { image, label } of ordered) {
    signal?.throwIfAborted();
    for (const { name, folder } of folders) {
      const path = join(folder, 'img', name, '64', image);
      if (!existsSync(path))
        throw new MissingFileError(`${EMOJI_ID}: ${path} is not there, though the package's list names it`);
      pixels.set(shrink(readPng(readFileSync(path), path), path), i * IMAGE);
      labels[i++] = label;
    }
    if (i % 200 === 0) progress?.(i, n);
  }
  const count = (split: string) => ordered.filter((c) => c.split === split).length * folders.length;
  return { pixels, labels, counts: Int32Array.from(splitNames, count) };
}
