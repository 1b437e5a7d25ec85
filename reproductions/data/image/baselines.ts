/** What simple methods get on the test split of an image dataset, fitted on its training split. */
import { pixelFeatures } from '../baselines/features.ts';
import { majority } from '../baselines/majority.ts';
import { nearestNeighbour } from '../baselines/nearest-neighbour.ts';
import { ridge } from '../baselines/ridge.ts';
import type { SplitName } from '../dataset.ts';
import type { Baseline, WorkOptions } from '../definition.ts';
import type { ImageDataset } from './image-dataset.ts';

export interface KnownBaselines {
  majority?: number;
  ridge?: number;
  nearest?: number;
}

/** So many images at most, so that it stays a matter of seconds; where fewer than all are used, the method says so. */
const most = { fitted: 20_000, known: 10_000, compared: 5_000 };

/** On the pixels that the dataset shows. Lambda of ridge regression is chosen on the validation split. */
export async function imageBaselines(
  data: ImageDataset,
  { signal, progress }: WorkOptions,
  known: KnownBaselines = {},
): Promise<Baseline[]> {
  const first = (split: SplitName, limit: number) => pixelFeatures(data, split, Math.min(limit, data.sizes[split]));
  const part = (split: SplitName, limit: number) =>
    data.sizes[split] > limit ? [`${limit} of ${data.sizes[split]} ${split} images`] : [];
  const options = { ...(signal ? { signal } : {}), ...(progress ? { progress } : {}) };
  const colour = data.gray ? 'gray' : 'RGB';
  const test = pixelFeatures(data, 'test');
  const validation = pixelFeatures(data, 'validation');
  const linear = await ridge(first('train', most.fitted), validation, test, { classes: data.classes, ...options });
  const nearest = await nearestNeighbour(first('train', most.known), first('test', most.compared), options);
  const row = (method: string, parts: string[], value: number, reference: number | undefined): Baseline => ({
    ...{ method: parts.length ? `${method} (${parts.join(', ')})` : method, metric: 'accuracy', value },
    ...(reference === undefined ? {} : { reference }),
  });
  return [
    majority(data, known.majority),
    row(`ridge regression on ${colour} pixels`, part('train', most.fitted), linear.test, known.ridge),
    row(
      `nearest neighbour on ${colour} pixels`,
      [...part('train', most.known), ...part('test', most.compared)],
      nearest,
      known.nearest,
    ),
  ];
}
