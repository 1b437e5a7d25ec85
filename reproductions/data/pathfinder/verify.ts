/** Pathfinder images, made here or read from a folder of the archive, beside those of the published generator. */
import type { Comparison } from '../comparison.ts';
import { splitNames } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { openPathfinder, type Pathfinder } from '../pathfinder.ts';
import { comparePathfinder, type LabelledImage } from './compare.ts';
import { compareEnds } from './ends.ts';
import { imageFiles, readImage } from './files.ts';
import { compareFirstPaddles } from './first-paddles.ts';
import type { PathfinderSize } from './settings.ts';

/** Whole files of the cache at most sizes, 5,120 images. */
const sizes = { train: 4096, validation: 512, test: 512 };

export async function verifyPathfinder(size: PathfinderSize, options: VerifyOptions): Promise<Verified> {
  const { from, ...work } = options;
  if (from !== undefined) return verifyFiles(size, from, options);
  const data = await openPathfinder({ size, sizes, ...work });
  const { shards } = data.contents;
  const ends = shards.gather('ends', 8, 0, shards.count);
  const attempts = shards.gather('attempts', 1, 0, shards.count);
  const rows = [...rowsOf(size, imagesOf(data)), ...compareEnds(size, { ends, attempts })];
  data.close();
  return { what: data.description, rows, complaints: [] };
}

/** `images` are gone through more than once. */
const rowsOf = (size: PathfinderSize, images: Iterable<LabelledImage>): Comparison[] => [
  ...comparePathfinder(size, images),
  ...(size === 32 ? compareFirstPaddles(images) : []),
];

const imagesOf = (data: Pathfinder): Iterable<LabelledImage> => ({
  *[Symbol.iterator]() {
    for (const split of splitNames)
      for (let i = 0; i < data.sizes[split]; i++) yield { pixels: data.image(split, i), label: data.label(split, i) };
  },
});

/** So many images of a folder are read, evenly spaced. */
const MOST = 5000;

function verifyFiles(size: PathfinderSize, from: string, { signal, progress }: VerifyOptions): Verified {
  const files = imageFiles(from);
  const step = Math.max(1, files.length / MOST);
  const images: LabelledImage[] = [];
  let empty = 0;
  for (let i = 0; Math.floor(i * step) < files.length; i++) {
    signal?.throwIfAborted();
    const image = readImage(files[Math.floor(i * step)], size);
    if (image) images.push(image);
    else empty++;
    progress?.(images.length, Math.min(MOST, files.length));
  }
  const what = `${images.length} of the ${files.length} images that the metadata of ${from} name${empty ? `, ${empty} of them empty` : ''}`;
  return { what, rows: rowsOf(size, images), complaints: [] };
}
