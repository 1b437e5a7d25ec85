/**
 * One image of `img-texture10`: a texture of its class in random colours, shaded, partly covered, in white noise.
 *
 *   v_c = m_c + a_c s + g + noise,  clipped to 0..255
 *
 * s: the field of the class with mean 0 and sd 1. m: a random colour, drawn towards the class's own hue a little. a: a
 * random colour of root mean square `CONTRAST`, not negative, so that "light" means the same in all channels. g: a
 * shade that changes linearly over the image. Noise: independent in pixels and channels, sd CONTRAST / sqrt(snr). Two
 * of three images have one to three opaque rectangles of one colour in front of the texture, behind the noise.
 *
 * The noise sets the difficulty. Accuracy on 2,000 images after 6,000: at snr 1 ridge regression on pixels 26 %, nearest
 * neighbour 28 %, a linear model on pooled responses to 300 patches of 8 x 8 learnt by k-means 79 % (classes from 56 % to
 * 92 %); at snr 0.2 23 %, 25 % and 35 %.
 */
import type { Draws } from '../draws.ts';
import { drawField, textureClasses } from './fields.ts';
import { cosine, SIDE, sine, TURN } from './waves.ts';

export const PIXELS = SIDE * SIDE;
/** Gray levels of the texture, root mean square over the channels. */
export const CONTRAST = 32;
/** Signal to noise, in power, at which the reference statistics were measured. */
export const DEFAULT_SNR = 1;
/** How far, in gray levels, the mean colour of a class lies from gray. */
const HUE = 12;
/** Sum of four bytes: mean 510, variance 4 (256^2 - 1) / 12. */
const BYTES_SD = Math.sqrt((65536 - 1) / 3);

export class TextureGenerator {
  readonly #field = new Float64Array(PIXELS);
  readonly #values = new Float64Array(3 * PIXELS);

  constructor(readonly snr: number) {
    if (!(snr > 0)) throw new RangeError(`img-texture10: the signal-to-noise ratio must be above 0, not ${snr}`);
  }

  /** Writes the image of this class (3, 32, 32) to `out`. */
  draw(label: number, draws: Draws, out: Uint8Array): void {
    const field = this.#field;
    const values = this.#values;
    drawField(label, draws, field);
    standardise(field);
    const mean = colourOf(label, draws);
    const amplitude = this.#amplitude(draws);
    const shade = shadeOf(draws);
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE; x++) {
          const p = y * SIDE + x;
          values[c * PIXELS + p] = mean[c] + amplitude[c] * field[p] + shade(x, y);
        }
    cover(draws, values);
    const noise = CONTRAST / Math.sqrt(this.snr) / BYTES_SD;
    for (let i = 0; i < values.length; i++) {
      const word = draws.word();
      const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
      out[i] = Math.max(0, Math.min(255, Math.round(values[i] + noise * (sum - 510))));
    }
  }

  #amplitude(draws: Draws): number[] {
    const parts = [0.15 + draws.unit(), 0.15 + draws.unit(), 0.15 + draws.unit()];
    const size = Math.sqrt(parts.reduce((sum, part) => sum + part * part, 0) / 3);
    return parts.map((part) => (part / size) * CONTRAST);
  }
}

function standardise(field: Float64Array): void {
  let sum = 0;
  let square = 0;
  for (const value of field) {
    sum += value;
    square += value * value;
  }
  const mean = sum / PIXELS;
  const sd = Math.sqrt(Math.max(1e-12, square / PIXELS - mean * mean));
  for (let i = 0; i < PIXELS; i++) field[i] = (field[i] - mean) / sd;
}

/** Uniform on 128 +- 56 in each channel, moved by `HUE` towards the class's place on the circle of hues. */
function colourOf(label: number, draws: Draws): number[] {
  const hue = Math.round((label * TURN) / textureClasses.length);
  return [0, 1, 2].map((c) => 128 + 112 * (draws.unit() - 0.5) + HUE * cosine(hue - Math.round((c * TURN) / 3)));
}

function shadeOf(draws: Draws): (x: number, y: number) => number {
  const direction = draws.integer(TURN);
  const depth = 24 * draws.unit();
  const [across, down] = [(cosine(direction) * depth) / SIDE, (sine(direction) * depth) / SIDE];
  return (x, y) => across * (x - SIDE / 2) + down * (y - SIDE / 2);
}

function cover(draws: Draws, values: Float64Array): void {
  if (draws.integer(3) === 0) return;
  const n = 1 + draws.integer(3);
  for (let i = 0; i < n; i++) {
    const [width, height] = [4 + draws.integer(11), 4 + draws.integer(11)];
    const [left, top] = [draws.integer(SIDE - 3) - 2, draws.integer(SIDE - 3) - 2];
    const colour = [draws.unit() * 255, draws.unit() * 255, draws.unit() * 255];
    for (let y = Math.max(0, top); y < Math.min(SIDE, top + height); y++)
      for (let x = Math.max(0, left); x < Math.min(SIDE, left + width); x++)
        for (let c = 0; c < 3; c++) values[c * PIXELS + y * SIDE + x] = colour[c];
  }
}
