import type { DataDefinition } from '../definition.ts';
import { imageBaselines } from '../image/baselines.ts';
import { type CifarOptions, cifarFolder, openCifar } from '../image/cifar.ts';
import type { ImageDataset } from '../image/image-dataset.ts';
import { verifyCifar } from '../image/verify-cifar.ts';

/** Sequential CIFAR (the sCIFAR of the S4 papers): CIFAR-10 in colour, a sequence of 1024 pixels of three channels. */
const definition: DataDefinition<ImageDataset> = {
  id: 'scifar',
  title: 'sequential CIFAR: CIFAR-10 in colour, pixel by pixel',
  made: null,
  source: 'cifar-10',
  realFolder: cifarFolder,
  ingredients: [],
  open: (options: CifarOptions) => openCifar('scifar', options),
  baselines: imageBaselines,
  verify: (options) => verifyCifar('scifar', options),
};
export default definition;
