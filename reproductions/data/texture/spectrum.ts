/** How the power of an image is spread over frequencies. */
import { luma } from '../image/gray.ts';
import { PIXELS } from './generator.ts';
import { cosine, SIDE, sine, TURN } from './waves.ts';

/** Lower ends of the bands, in cycles over the image; a band ends where the next begins. */
export const bands = [0.5, 2.5, 5.5, 9.5] as const;

/** e^(-2 pi i k x / 32): real and imaginary parts (k, x). */
const real = Float64Array.from({ length: SIDE * SIDE }, (_, i) =>
  cosine((Math.floor(i / SIDE) * (i % SIDE) * TURN) / SIDE),
);
const imaginary = Float64Array.from(
  { length: SIDE * SIDE },
  (_, i) => -sine((Math.floor(i / SIDE) * (i % SIDE) * TURN) / SIDE),
);

/**
 * Shares of the variance of the gray levels in each band, and `direction`: |sum p e^(2 i angle)| / sum p over the
 * frequencies, which is 1 for waves of one direction and about 0 when no direction is preferred.
 */
export function spectrumOf(image: Uint8Array): { shares: number[]; direction: number } {
  const half = SIDE / 2 + 1;
  const [gray, re, im] = [new Float64Array(PIXELS), new Float64Array(SIDE * half), new Float64Array(SIDE * half)];
  for (let p = 0; p < PIXELS; p++) gray[p] = luma(image[p], image[PIXELS + p], image[2 * PIXELS + p]) - 128;
  for (let y = 0; y < SIDE; y++)
    for (let k = 0; k < half; k++) {
      let a = 0;
      let b = 0;
      for (let x = 0; x < SIDE; x++) {
        a += gray[y * SIDE + x] * real[k * SIDE + x];
        b += gray[y * SIDE + x] * imaginary[k * SIDE + x];
      }
      re[y * half + k] = a;
      im[y * half + k] = b;
    }
  const shares: number[] = bands.map(() => 0);
  let total = 0;
  let c2 = 0;
  let s2 = 0;
  for (let l = 0; l < SIDE; l++) {
    const down = l < SIDE / 2 ? l : l - SIDE;
    for (let k = 0; k < half; k++) {
      const radius = Math.sqrt(k * k + down * down);
      if (radius === 0) continue;
      let a = 0;
      let b = 0;
      for (let y = 0; y < SIDE; y++) {
        const c = real[l * SIDE + y];
        const s = imaginary[l * SIDE + y];
        a += re[y * half + k] * c - im[y * half + k] * s;
        b += re[y * half + k] * s + im[y * half + k] * c;
      }
      // The half of the plane that is left out has the same power.
      const power = (a * a + b * b) * (k === 0 || k === SIDE / 2 ? 1 : 2);
      total += power;
      shares[bands.findLastIndex((low) => radius >= low)] += power;
      c2 += (power * (k * k - down * down)) / (radius * radius);
      // Both signs of `down` meet in k = 0 and k = 16.
      if (k > 0 && k < SIDE / 2) s2 += (power * 2 * k * down) / (radius * radius);
    }
  }
  return total > 0
    ? { shares: shares.map((share) => share / total), direction: Math.sqrt(c2 * c2 + s2 * s2) / total }
    : { shares, direction: 0 };
}
