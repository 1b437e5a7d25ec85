/**
 * A picture with transparency on a white ground, then averaged over 2 x 2 boxes: byte for byte what Pillow does with
 * `Image.alpha_composite(white, picture)` and `resize((32, 32), Image.BOX)`, which rounds three times: the
 * composition, the mean of two columns, the mean of two rows.
 */
import { FormatError } from '../formats/format-error.ts';
import type { Image } from '../formats/png.ts';

export const SIDE = 32;

/** 64 x 64, gray or colour, with or without alpha, to (3, 32, 32). */
export function shrink({ width, height, channels, data }: Image, file: string): Uint8Array {
  if (width !== 2 * SIDE || height !== 2 * SIDE)
    throw new FormatError(file, 0, `the picture is ${width} x ${height}; 64 x 64 is what is averaged to 32 x 32`);
  const alpha = channels === 2 || channels === 4 ? channels - 1 : -1;
  const colour = channels < 3 ? [0, 0, 0] : [0, 1, 2];
  const out = new Uint8Array(3 * SIDE * SIDE);
  const onWhite = (pixel: number, c: number) => {
    const at = pixel * channels;
    return over(data[at + c], alpha < 0 ? 255 : data[at + alpha]);
  };
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) {
        const pixel = 2 * y * width + 2 * x;
        const upper = half(onWhite(pixel, colour[c]) + onWhite(pixel + 1, colour[c]));
        const lower = half(onWhite(pixel + width, colour[c]) + onWhite(pixel + width + 1, colour[c]));
        out[(c * SIDE + y) * SIDE + x] = half(upper + lower);
      }
  return out;
}

const half = (sum: number): number => (sum + 1) >> 1;

/** Value v with opacity a over white, in Pillow's fixed point: (a v + (255 - a) 255) / 255, rounded. */
function over(v: number, a: number): number {
  const scaled = (a * v + (255 - a) * 255 + 128) << 7;
  return ((scaled >> 8) + scaled) >> 15;
}
