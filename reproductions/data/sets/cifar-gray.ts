import type { DataDefinition } from '../definition.ts';
import { imageBaselines } from '../image/baselines.ts';
import { type CifarOptions, cifarFolder, openCifar } from '../image/cifar.ts';
import type { ImageDataset } from '../image/image-dataset.ts';
import { verifyCifar } from '../image/verify-cifar.ts';

/** LRA Image (Tay et al. 2020, arXiv 2011.04006): CIFAR-10 in gray, a sequence of 1024 pixels. */
const definition: DataDefinition<ImageDataset> = {
  id: 'cifar-gray',
  title: 'LRA Image: CIFAR-10 in gray, pixel by pixel',
  made: null,
  source: 'cifar-10',
  realFolder: cifarFolder,
  ingredients: [],
  open: (options: CifarOptions) => openCifar('cifar-gray', { gray: true, ...options }),
  baselines: imageBaselines,
  verify: (options) => verifyCifar('cifar-gray', options),
};
export default definition;
