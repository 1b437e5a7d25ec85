/**
 * The MFCC of S4's loader: torchaudio's `MFCC(log_mels=True, n_mfcc=20, melkwargs=dict(n_fft=200, n_mels=64))` at its
 * default of 16,000 Hz, from the definition in torchaudio's documentation. The signal is continued by its mirror image at
 * both ends (100 samples); windows of 200 samples every 100, periodic Hann; power |DFT|^2 of 101 bins; 64 triangles, even
 * on the HTK mel scale 2595 log10(1 + f / 700) from 0 to 8000 Hz, of height 1; log(10^-6 + energy); the first 20
 * coefficients of the orthonormal DCT-II. 16,000 samples give 161 steps.
 */
import { CLIP } from './words.ts';

const WINDOW = 200;
const HOP = 100;
const BINS = WINDOW / 2 + 1;
const MELS = 64;
export const MFCC_COEFFICIENTS = 20;
export const MFCC_STEPS = 1 + CLIP / HOP;

const hann = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
/** cos and sin of 2 pi k n / 200. */
const cosines = Float64Array.from({ length: WINDOW }, (_, i) => Math.cos((2 * Math.PI * i) / WINDOW));
const sines = Float64Array.from({ length: WINDOW }, (_, i) => Math.sin((2 * Math.PI * i) / WINDOW));
const triangles = melTriangles();
const dct = Float64Array.from({ length: MFCC_COEFFICIENTS * MELS }, (_, at) => {
  const k = Math.floor(at / MELS);
  const n = at % MELS;
  return Math.cos((Math.PI / MELS) * (n + 0.5) * k) * Math.sqrt((k ? 2 : 1) / MELS);
});

/** (161, 20) of samples times `unit`, step by step. */
export function mfcc(samples: Int16Array, unit: number, into = new Float64Array(MFCC_STEPS * MFCC_COEFFICIENTS)) {
  const half = WINDOW / 2;
  const even = new Float64Array(half + 1);
  const odd = new Float64Array(half + 1);
  const power = new Float64Array(BINS);
  const log = new Float64Array(MELS);
  const at = (t: number) => samples[t < 0 ? -t : t < CLIP ? t : 2 * (CLIP - 1) - t];
  for (let step = 0; step < MFCC_STEPS; step++) {
    const start = step * HOP - half;
    const windowed = (i: number) => at(start + i) * unit * hann[i];
    // A real window: sums and differences of samples n and 200 - n halve the work.
    even[0] = windowed(0);
    even[half] = windowed(half);
    for (let n = 1; n < half; n++) {
      const [a, b] = [windowed(n), windowed(WINDOW - n)];
      even[n] = a + b;
      odd[n] = a - b;
    }
    for (let k = 0; k < BINS; k++) {
      let re = 0;
      let im = 0;
      for (let n = 0, turn = 0; n <= half; n++) {
        re += even[n] * cosines[turn];
        im += odd[n] * sines[turn];
        turn += k;
        if (turn >= WINDOW) turn -= WINDOW;
      }
      power[k] = re * re + im * im;
    }
    for (let m = 0; m < MELS; m++) {
      const { first, weights } = triangles[m];
      let energy = 0;
      for (let j = 0; j < weights.length; j++) energy += weights[j] * power[first + j];
      log[m] = Math.log(energy + 1e-6);
    }
    for (let k = 0; k < MFCC_COEFFICIENTS; k++) {
      let sum = 0;
      for (let m = 0; m < MELS; m++) sum += dct[k * MELS + m] * log[m];
      into[step * MFCC_COEFFICIENTS + k] = sum;
    }
  }
  return into;
}

function melTriangles(): { first: number; weights: Float64Array }[] {
  const highest = 2595 * Math.log10(1 + 8000 / 700);
  const edges = Array.from({ length: MELS + 2 }, (_, i) => 700 * (10 ** ((highest * i) / (MELS + 1) / 2595) - 1));
  const weightOf = (band: number, hertz: number) => {
    const [low, middle, high] = edges.slice(band, band + 3);
    return Math.max(0, Math.min((hertz - low) / (middle - low), (high - hertz) / (high - middle)));
  };
  return Array.from({ length: MELS }, (_, band) => {
    const all = Array.from({ length: BINS }, (_, k) => weightOf(band, (k * CLIP) / WINDOW));
    const first = all.findIndex((weight) => weight > 0);
    // Low bands are narrower than a bin, and some have none.
    if (first < 0) return { first: 0, weights: new Float64Array(0) };
    return { first, weights: Float64Array.from(all.slice(first, all.findLastIndex((weight) => weight > 0) + 1)) };
  });
}
