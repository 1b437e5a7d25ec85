/** `img-texture10` as it is made here beside the statistics of its generator. */
import { MissingFileError } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { compareTextures } from './compare.ts';
import { openTextures, TEXTURE_ID } from './texture10.ts';

export async function verifyTextures({ from, ...work }: VerifyOptions): Promise<Verified> {
  if (from !== undefined) throw new MissingFileError(`${TEXTURE_ID} is made here; there are no files of it to verify`);
  const data = await openTextures({ ...work, sizes: { train: 5_000, validation: 100, test: 100 } });
  const { pixels, labels } = data.images.splits.train;
  return {
    what: `the 5000 training images of ${data.description}`,
    rows: compareTextures(pixels, labels),
    complaints: [],
  };
}
