/** What simple methods get on the test split of an image dataset, fitted on its training split. */

import { pixelFeatures } from '../baselines/features.ts';
import { majority } from '../baselines/majority.ts';
import { nearestNeighbour } from '../baselines/nearest-neighbour.ts';
import { ridge } from '../baselines/ridge.ts';
import { splitNames } from '../dataset.ts';
import type { Baseline, WorkOptions } from '../definition.ts';
import type { ImageDataset } from './image-dataset.ts';

export interface KnownBaselines {
  majority?: number;
  ridge?: number;
  nearest?: number;
}

/** Lambda of ridge regression is chosen on the validation split. */
export async function imageBaselines(
  data: ImageDataset,
  { signal, progress }: WorkOptions,
  known: KnownBaselines = {},
): Promise<Baseline[]> {
  const [train, validation, test] = splitNames.map((split) => pixelFeatures(data, split));
  const options = { ...(signal ? { signal } : {}), ...(progress ? { progress } : {}) };
  const linear = await ridge(train, validation, test, { classes: data.classes, ...options });
  const nearest = await nearestNeighbour(train, test, options);
  const row = (method: string, value: number, reference: number | undefined): Baseline => ({
    ...{ method, metric: 'accuracy', value },
    ...(reference === undefined ? {} : { reference }),
  });
  return [
    majority(data, known.majority),
    row('ridge regression on RGB pixels', linear.test, known.ridge),
    row('nearest neighbour on RGB pixels', nearest, known.nearest),
  ];
}
