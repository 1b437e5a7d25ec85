/**
 * Statistics of the textures beside those of 20,000 images of another seed (`fixtures/texture-statistics.json`, made by
 * `textureStatistics` of the first 20,000 training images of seed 1): moments of the channels, and for every class how
 * its power is spread over frequencies and whether it has a direction.
 */
import { readFileSync } from 'node:fs';
import { type Comparison, compareMeans, moments } from '../comparison.ts';
import { compareCounts, countsOf, imageMoments } from '../image/statistics.ts';
import { textureClasses } from './fields.ts';
import { PIXELS } from './generator.ts';
import { bands, spectrumOf } from './spectrum.ts';

interface Moments {
  mean: number;
  sd: number;
  n: number;
}
export interface TextureStatistics {
  /** Over images: mean of the channel, and mean of the square of its levels, of values in [0, 1]. */
  channels: { mean: Moments; square: Moments }[];
  /** By class: shares of the bands of `spectrum.ts`, and `direction`. */
  classes: { shares: Moments[]; direction: Moments }[];
}

export function textureStatistics(pixels: Uint8Array, labels: Uint8Array): TextureStatistics {
  const IMAGE = 3 * PIXELS;
  const image = (i: number) => pixels.subarray(i * IMAGE, (i + 1) * IMAGE);
  const each = Array.from(labels, (_, i) => imageMoments(image(i), PIXELS));
  const spectra = Array.from(labels, (label, i) => ({ label, ...spectrumOf(image(i)) }));
  return {
    channels: [0, 1, 2].map((c) => ({
      mean: moments(each.map(({ mean }) => mean[c])),
      square: moments(each.map(({ mean, sd }) => sd[c] ** 2 + mean[c] ** 2)),
    })),
    classes: textureClasses.map((_, label) => {
      const members = spectra.filter((spectrum) => spectrum.label === label);
      return {
        shares: bands.map((_, b) => moments(members.map(({ shares }) => shares[b]))),
        direction: moments(members.map(({ direction }) => direction)),
      };
    }),
  };
}

export const textureReference = (): TextureStatistics =>
  JSON.parse(readFileSync(new URL('../fixtures/texture-statistics.json', import.meta.url), 'utf8')).statistics;

const near = (quantity: string, values: Moments, reference: Moments): Comparison =>
  compareMeans(quantity, values, reference, 5);

/** All rows: with fifty-six of them, five standard errors are passed by chance once in thirty thousand runs. */
export function compareTextures(pixels: Uint8Array, labels: Uint8Array): Comparison[] {
  const reference = textureReference();
  const here = textureStatistics(pixels, labels);
  const names = ['red', 'green', 'blue'];
  return [
    compareCounts(
      'images of each class',
      countsOf(labels, textureClasses.length),
      textureClasses.map((_, label) => Math.floor((labels.length - 1 - label) / textureClasses.length) + 1),
    ),
    ...here.channels.flatMap(({ mean, square }, c) => [
      near(`mean of ${names[c]}`, mean, reference.channels[c].mean),
      near(`mean square of ${names[c]}`, square, reference.channels[c].square),
    ]),
    ...here.classes.flatMap(({ shares, direction }, label) => [
      ...shares.map((share, b) =>
        near(
          `${textureClasses[label]}: power at ${bands[b]} to ${bands[b + 1] ?? 'most'} cycles`,
          share,
          reference.classes[label].shares[b],
        ),
      ),
      near(`${textureClasses[label]}: direction`, direction, reference.classes[label].direction),
    ]),
  ];
}
