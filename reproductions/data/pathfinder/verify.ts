/** Pathfinder images, made here or read from a folder of the archive, beside those of the published generator. */
import { splitNames } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { openPathfinder } from '../pathfinder.ts';
import { comparePathfinder, type LabelledImage } from './compare.ts';
import { imageFiles, readImage } from './files.ts';
import type { PathfinderSize } from './settings.ts';

export async function verifyPathfinder(size: PathfinderSize, options: VerifyOptions): Promise<Verified> {
  const { from, signal, progress } = options;
  if (from !== undefined) return verifyFiles(size, from, options);
  const each = size === 32 ? 1000 : size === 64 ? 200 : 100;
  const sizes = { train: each, validation: each / 10, test: each / 10 };
  const data = await openPathfinder({ size, sizes, ...(signal ? { signal } : {}), ...(progress ? { progress } : {}) });
  const images = splitNames.flatMap((split) =>
    Array.from({ length: sizes[split] }, (_, i) => ({ pixels: data.image(split, i), label: data.label(split, i) })),
  );
  return { what: data.description, rows: comparePathfinder(size, images), complaints: [] };
}

/** So many images of a folder are read, evenly spaced. */
const MOST = 2000;

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
  return { what, rows: comparePathfinder(size, images), complaints: [] };
}
