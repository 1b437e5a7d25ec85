/** Files of CIFAR-10's binary version: counts, classes and pixel statistics beside the published ones. */

import type { Comparison } from '../comparison.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { PIXELS } from '../formats/cifar.ts';
import { trainValidationSplit } from '../torch/permutation.ts';
import { cifarClasses, cifarNormalisation, findCifar, readCifarPart } from './cifar.ts';
import { compareCount, compareCounts, compareMoments, countsOf, imageMoments } from './statistics.ts';

/**
 * The constants that every public loader normalises with are rounded moments of the training images. A mean must agree
 * to their last digit. The sd of blue is published as 0.261 and 0.262 (it is 0.26159), hence the wider limit of an sd;
 * the constants of gray have one decimal (they are 122.620 and 60.994 in other public code).
 */
export const momentLimits = {
  mean: 0.00006,
  sd: 0.0007,
  grayMean: 0.06,
  graySd: 0.06,
  measure: 'difference; published digits',
};

const { gray, rgb } = cifarNormalisation;
export const publishedMoments = {
  ...{ mean: rgb.map(([mean]) => mean), sd: rgb.map(([, sd]) => sd) },
  ...{ grayMean: gray[0] * 255, graySd: gray[1] * 255 },
};

export async function verifyCifar(id: string, { from, signal }: VerifyOptions, records = 10_000): Promise<Verified> {
  const folder = findCifar(id, from);
  const rows: Comparison[] = [];
  const train = readCifarPart(id, folder, 'train', records, signal);
  const test = readCifarPart(id, folder, 'test', records, signal);
  rows.push(compareCount('training and validation images', train.labels.length, 50_000));
  rows.push(compareCount('test images', test.labels.length, 10_000));
  const [first, second] = trainValidationSplit(train.labels.length, 0.1);
  rows.push(compareCount('training images of the split', first.length, 45_000));
  rows.push(compareCount('validation images of the split', second.length, 5_000));
  const all = cifarClasses.map(() => 5_000);
  rows.push(compareCounts('images of each class, training and validation', countsOf(train.labels, 10), all));
  rows.push(
    compareCounts(
      'images of each class, test',
      countsOf(test.labels, 10),
      all.map((n) => n / 5),
    ),
  );
  rows.push(...compareMoments('50,000 images', imageMoments(train.pixels, PIXELS), publishedMoments, momentLimits));
  return { what: `the six files of ${folder}`, rows, complaints: [] };
}
