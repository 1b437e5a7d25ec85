/**
 * The trace that a quirk of the published generator (`geometry.ts`, `usable`) leaves in 32 x 32 images: the first contour
 * can begin in rows and columns 14 to 16 only, with a paddle that points to between -150 and -121 degrees, up and to the
 * left. So half of the images have a disc there, 98 % of these discs sit on a first origin, and although the paddle
 * itself lies under the disc, what shows around the disc leans its way. Not judged: the reference values are those of
 * 20,000 images made here, and whether LRA's own run had the quirk is known from its files alone.
 */
import type { Comparison } from '../comparison.ts';
import statistics from '../fixtures/pathfinder-statistics.json' with { type: 'json' };
import type { LabelledImage } from './measure.ts';

const SIZE = 32;
/** A disc around a pixel is (nearly) full in these, and above this level after the stretch to 0..255. */
const core = [0, -1, -SIZE, -SIZE - 1];
const FULL = 190;

/** Beside the disc, in pixels from its centre. */
const NEAR = 2;
const WITHIN = 3.5;

export function compareFirstPaddles(images: Iterable<LabelledImage>): Comparison[] {
  const { share, up_left } = statistics.first_paddles;
  let [n, seen, upLeft] = [0, 0, 0];
  for (const { pixels } of images) {
    n++;
    for (let y = 14; y <= 16; y++)
      for (let x = 14; x <= 16; x++) {
        if (!core.every((d) => pixels[y * SIZE + x + d] >= FULL)) continue;
        const [dy, dx] = lean(pixels, y, x);
        seen++;
        if (dy < 0 && dx < 0) upLeft++;
      }
  }
  const row = (quantity: string, here: number | string, reference: number, measure: string): Comparison => ({
    ...{ quantity, here, reference, distance: null, limit: null, measure },
  });
  return [
    row('discs in rows and columns 14..16', seen / n, share, 'an image, as made here'),
    row('of these, brightest up and to the left', seen ? upLeft / seen : '-', up_left, 'as made here; 0.25: no lean'),
  ];
}

/** Sum of the unit vectors to the pixels beside a disc, weighed by their levels. Its centre is a corner of pixel (y, x). */
function lean(pixels: Uint8Array, y: number, x: number): [number, number] {
  let [sy, sx] = [0, 0];
  for (let dy = -4; dy <= 3; dy++)
    for (let dx = -4; dx <= 3; dx++) {
      const r = Math.hypot(dy + 0.5, dx + 0.5);
      if (r < NEAR || r > WITHIN) continue;
      const level = pixels[(y + dy) * SIZE + x + dx];
      sy += (level * (dy + 0.5)) / r;
      sx += (level * (dx + 0.5)) / r;
    }
  return [sy, sx];
}
