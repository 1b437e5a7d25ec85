/**
 * Pathfinder images, generated or read from files, against images of the published generator with LRA's settings. The
 * reference has 40 to 300 images: how far its means may lie from the truth is told by the spread from image to image,
 * which the many images here know better than it does.
 *
 * The largest difference, the innermost ring at 64 x 64 (20.3 of 40 images, here 24.7), is 2.5 standard errors. It was
 * noise: 384 further images of the published process, with OpenCV's dilation and Pillow's lines, gave 24.0 +- 0.6.
 */
import { type Comparison, compareMeans, moments } from '../comparison.ts';
import statistics from '../fixtures/pathfinder-statistics.json' with { type: 'json' };
import { type LabelledImage, levels, measure } from './measure.ts';
import type { PathfinderSize } from './settings.ts';

export type { LabelledImage };

/**
 * Relative standard error of the correlation of neighbours over as many images as the reference has: the larger of both
 * directions, from twelve lots of images made here (seed 77).
 */
const spread: Record<PathfinderSize, number> = { 32: 0.008, 64: 0.016, 128: 0.008, 256: 0.004 };

export function comparePathfinder(size: PathfinderSize, images: Iterable<LabelledImage>): Comparison[] {
  const { n, label, grey, regions, above, rings, right, lower } = measure(size, images);
  const { n: size0, ...reference } = statistics[size];
  const mean = (quantity: string, values: number[], expected: number | { mean: number; sd: number }) => {
    const here = moments(values);
    const there = typeof expected === 'number' ? { mean: expected, sd: 0 } : expected;
    return compareMeans(quantity, here, { mean: there.mean, sd: Math.max(here.sd, there.sd), n: size0 });
  };
  const near = (quantity: string, here: number, expected: number): Comparison => ({
    ...{ quantity, here, reference: expected, limit: 4, measure: 'standard errors' },
    distance: Math.abs(here / expected - 1) / (spread[size] * Math.sqrt(1 + size0 / n)),
  });
  const shares = [reference.frac_nonzero, reference.frac_gt_64, reference.frac_gt_127];
  const ringNames = ['outermost', 'second', 'third', 'innermost'];
  const ones = label.reduce((a, b) => a + b, 0);
  const byLabel = [0, 1].map((k) => moments(grey.filter((_, i) => label[i] === k)));
  return [
    mean('mean grey level', grey, reference.pixel_mean_per_image),
    mean('regions brighter than 64', regions, reference.components_gt64_8conn),
    ...levels.map((level, i) => mean(`pixels above ${level}`, above[i], shares[i])),
    ...rings.map((ring, i) =>
      mean(`grey level of the ${ringNames[i]} ring`, ring, reference.ring_mean_outer_to_inner[i]),
    ),
    near('correlation with the right neighbour', right, reference.autocorr.h1),
    near('correlation with the lower neighbour', lower, reference.autocorr.v1),
    {
      ...{ quantity: 'label 1', here: ones / n, reference: 0.5, distance: Math.abs(ones / n - 0.5) * 2 * Math.sqrt(n) },
      ...{ limit: 4, measure: 'standard errors' },
    },
    ...(ones && ones < n
      ? [
          {
            ...compareMeans('grey level by label, 0 and 1', byLabel[0], byLabel[1], 4),
            ...{ here: byLabel.map((one) => one.mean.toFixed(3)).join(' '), reference: 'the same' },
          },
        ]
      : []),
  ];
}
