/**
 * The ten textures as fields of real numbers over 32 x 32 pixels, before colour, noise and occlusion. Every direction,
 * phase, frequency and place is drawn anew for each image.
 */
import type { Draws } from '../draws.ts';
import { cosine, SIDE, sine, TURN, Wave } from './waves.ts';

export const textureClasses = [
  ...['stripes', 'checks', 'rings', 'gradient', 'clouds', 'grain', 'brushed', 'blobs', 'strokes', 'mosaic'],
] as const;

const between = (draws: Draws, low: number, high: number) => low + (high - low) * draws.unit();
const angle = (draws: Draws) => draws.integer(TURN);

/** Values are as they come; `generator.ts` brings them to mean 0 and standard deviation 1. */
export function drawField(label: number, draws: Draws, field: Float64Array): void {
  field.fill(0);
  fields[label](draws, field);
}

/** Between a sine and a square wave. */
const sharpened = (value: number, sharpness: number) => Math.max(-1, Math.min(1, value * sharpness));

const fields: readonly ((draws: Draws, field: Float64Array) => void)[] = [
  function stripes(draws, field) {
    const wave = new Wave(angle(draws), between(draws, 2.5, 8), angle(draws));
    const sharpness = between(draws, 1, 3);
    each(field, (x, y) => sharpened(wave.at(x, y), sharpness));
  },
  function checks(draws, field) {
    const direction = angle(draws);
    const cycles = between(draws, 1.8, 5.5);
    const first = new Wave(direction, cycles, angle(draws));
    const second = new Wave(direction + TURN / 4, cycles, angle(draws));
    const sharpness = between(draws, 1, 3);
    each(field, (x, y) => sharpened(first.at(x, y) * second.at(x, y) * 1.5, sharpness));
  },
  function rings(draws, field) {
    const [cx, cy] = [between(draws, 4, SIDE - 4), between(draws, 4, SIDE - 4)];
    const step = (between(draws, 2.5, 7) * TURN) / SIDE;
    const phase = angle(draws);
    const sharpness = between(draws, 1, 3);
    each(field, (x, y) =>
      sharpened(sine(Math.round(Math.sqrt((x - cx) ** 2 + (y - cy) ** 2) * step) + phase), sharpness),
    );
  },
  /** A ramp, bent a little: lighter towards the top in three of four images. */
  function gradient(draws, field) {
    const direction = draws.integer(4) ? TURN / 2 + draws.integer(TURN / 2) : draws.integer(TURN / 2);
    const bend = new Wave(angle(draws), between(draws, 0.5, 1.5), angle(draws));
    const depth = between(draws, 0, 0.35);
    const [across, down] = [cosine(direction), sine(direction)];
    each(field, (x, y) => (across * (x - SIDE / 2) + down * (y - SIDE / 2)) / (SIDE / 2) + depth * bend.at(x, y));
  },
  /** Sixty waves of all directions, amplitudes as one over the frequency. */
  function clouds(draws, field) {
    for (let i = 0; i < 60; i++) {
      const cycles = between(draws, 0.6, 9);
      new Wave(angle(draws), cycles, angle(draws)).addTo(field, 1 / cycles);
    }
  },
  /** Thirty waves of all directions and nearly one frequency. */
  function grain(draws, field) {
    const cycles = between(draws, 2.5, 8);
    for (let i = 0; i < 30; i++)
      new Wave(angle(draws), cycles * between(draws, 0.85, 1.15), angle(draws)).addTo(field, 1);
  },
  /** Forty waves of nearly one direction and many frequencies. */
  function brushed(draws, field) {
    const direction = angle(draws);
    const spread = TURN / 36;
    for (let i = 0; i < 40; i++) {
      const turned = direction + Math.round(between(draws, -spread, spread));
      new Wave(turned, between(draws, 1.5, 10), angle(draws)).addTo(field, 1);
    }
  },
  /** Smooth bumps, the places of which are denser in the middle. */
  function blobs(draws, field) {
    const n = 4 + draws.integer(7);
    for (let i = 0; i < n; i++) {
      const radius = between(draws, 3, 7);
      const centre = () => (SIDE * (draws.unit() + draws.unit())) / 2;
      const [cx, cy] = [centre(), centre()];
      each(
        field,
        (x, y, before) => Math.max(before, (1 - ((x - cx) ** 2 + (y - cy) ** 2) / radius ** 2) ** 2),
        (x, y) => (x - cx) ** 2 + (y - cy) ** 2 < radius ** 2,
      );
    }
  },
  /** Short bars of all directions. */
  function strokes(draws, field) {
    const n = 7 + draws.integer(8);
    const half = between(draws, 0.8, 1.6);
    for (let i = 0; i < n; i++) {
      const direction = angle(draws);
      const [ux, uy] = [cosine(direction), sine(direction)];
      const [cx, cy] = [SIDE * draws.unit(), SIDE * draws.unit()];
      const reach = between(draws, 3, 7);
      each(
        field,
        () => 1,
        (x, y) => Math.abs(ux * (x - cx) + uy * (y - cy)) < reach && Math.abs(ux * (y - cy) - uy * (x - cx)) < half,
      );
    }
  },
  /** Cells nearest to random points, each of one level. */
  function mosaic(draws, field) {
    const n = 6 + draws.integer(10);
    const cells = Array.from({ length: n }, () => [SIDE * draws.unit(), SIDE * draws.unit(), draws.unit()]);
    each(field, (x, y) => {
      let nearest = Number.POSITIVE_INFINITY;
      let level = 0;
      for (const [cx, cy, value] of cells) {
        const distance = (x - cx) ** 2 + (y - cy) ** 2;
        if (distance < nearest) {
          nearest = distance;
          level = value;
        }
      }
      return level;
    });
  },
];

function each(
  field: Float64Array,
  value: (x: number, y: number, before: number) => number,
  where?: (x: number, y: number) => boolean,
): void {
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) if (!where || where(x, y)) field[y * SIDE + x] = value(x, y, field[y * SIDE + x]);
}
