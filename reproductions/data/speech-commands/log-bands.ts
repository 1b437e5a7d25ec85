/**
 * What a linear classifier needs to tell words apart: the energies of 32 bands over time. The clip is rolled so that the
 * centre of its energy stands in its middle; windows of 25 ms every 10 ms, Hann; |FFT of 512|^2 summed into 32 triangles,
 * even on the mel scale from 50 to 8000 Hz; the mean of 4 windows; log(10^-6 + energy): 24 x 32 numbers.
 */
import { fft } from '../../../kernels/numerics/fft.ts';
import { CLIP } from './words.ts';

const BANDS = 32;
const WINDOW = 400;
const HOP = 160;
const SIZE = 512;
const POOL = 4;
const STEPS = Math.floor((Math.floor((CLIP - WINDOW) / HOP) + 1) / POOL);
export const BAND_FEATURES = STEPS * BANDS;

const hann = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (WINDOW - 1)));
const triangles = melTriangles();

/** 768 numbers of a clip of 16,000 16-bit samples, written to `into` from `at` on. */
export function logBands(samples: Int16Array, into: Float32Array, at: number): void {
  const shift = centreOf(samples) - CLIP / 2;
  const re = new Float64Array(SIZE);
  const im = new Float64Array(SIZE);
  const energy = new Float64Array(BANDS);
  for (let step = 0; step < STEPS; step++) {
    energy.fill(0);
    // Two windows in one complex transform.
    for (let pair = 0; pair < POOL; pair += 2) {
      const start = (step * POOL + pair) * HOP + shift + CLIP;
      re.fill(0);
      im.fill(0);
      for (let i = 0; i < WINDOW; i++) {
        re[i] = (samples[(start + i) % CLIP] / 32768) * hann[i];
        im[i] = (samples[(start + HOP + i) % CLIP] / 32768) * hann[i];
      }
      fft(re, im);
      for (let band = 0; band < BANDS; band++) {
        const { first, weights } = triangles[band];
        for (let j = 0; j < weights.length; j++) {
          const k = first + j;
          const l = (SIZE - k) % SIZE;
          // |A|^2 + |B|^2 of the two real windows out of Z = A + i B.
          energy[band] += (weights[j] * (re[k] ** 2 + im[k] ** 2 + re[l] ** 2 + im[l] ** 2)) / 2;
        }
      }
    }
    for (let band = 0; band < BANDS; band++) into[at + step * BANDS + band] = Math.log(1e-6 + energy[band] / POOL);
  }
}

/** Mean place of the samples, weighted by their squares. */
function centreOf(samples: Int16Array): number {
  let power = 0;
  let moment = 0;
  for (let i = 0; i < samples.length; i++) {
    const square = samples[i] * samples[i];
    power += square;
    moment += square * i;
  }
  return power ? Math.floor(moment / power) : CLIP / 2;
}

function melTriangles(): { first: number; weights: Float64Array }[] {
  const mel = (hertz: number) => Math.log(1 + hertz / 700);
  const edges = Array.from({ length: BANDS + 2 }, (_, i) => {
    const m = mel(50) + ((mel(8000) - mel(50)) * i) / (BANDS + 1);
    return 700 * (Math.exp(m) - 1);
  });
  return Array.from({ length: BANDS }, (_, band) => {
    const [low, middle, high] = edges.slice(band, band + 3);
    const first = Math.ceil((low * SIZE) / CLIP);
    const last = Math.min(SIZE / 2, Math.floor((high * SIZE) / CLIP));
    const weights = Float64Array.from({ length: Math.max(0, last - first + 1) }, (_, j) => {
      const hertz = ((first + j) * CLIP) / SIZE;
      return Math.max(0, Math.min((hertz - low) / (middle - low), (high - hertz) / (high - middle)));
    });
    return { first, weights };
  });
}
