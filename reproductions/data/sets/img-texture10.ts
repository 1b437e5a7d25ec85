import type { DataDefinition } from '../definition.ts';
import { imageBaselines } from '../image/baselines.ts';
import type { ImageDataset } from '../image/image-dataset.ts';
import { openTextures, TEXTURE_ID } from '../texture/texture10.ts';
import { verifyTextures } from '../texture/verify.ts';

/** Ten textures, in the place of CIFAR-10, from no package: `open` with `gray` for the shape of LRA Image. */
const definition: DataDefinition<ImageDataset> = {
  id: TEXTURE_ID,
  title: 'ten textures made here, in the place of CIFAR-10',
  made: `stand-in:${TEXTURE_ID}`,
  source: 'cifar-10',
  realFolder: null,
  ingredients: [],
  open: openTextures,
  verify: verifyTextures,
  baselines: imageBaselines,
};
export default definition;
