/**
 * A change of the sampling rate by a ratio up / down: y[m] = sum_j x[j] h[m down - j up], the polyphase form of raising
 * the rate by zeros, a low-pass, and keeping every down-th sample. 22,050 to 16,000 Hz is 320 / 441.
 *
 * h is a sinc in a Kaiser window, 96 samples of the slower rate long, flat to 7/16 of the slower rate and about 70 dB
 * down from half of it on: 7000 and 8000 Hz at 16,000. Every phase is divided by its sum, so that a constant stays what
 * it is.
 */
import { sin } from '../portable-math.ts';

const TAPS = 96;
/** Kaiser's beta for 70 dB: 0.1102 (70 - 8.7). */
const BETA = 6.755;
const PASS = 7 / 16;
const STOP = 1 / 2;

export class Resampler {
  readonly #up: number;
  readonly #down: number;
  /** Taps of a phase. */
  readonly #taps: number;
  /** (up, taps). */
  readonly #phases: Float32Array;

  constructor(
    readonly from: number,
    readonly to: number,
  ) {
    for (const rate of [from, to])
      if (!(Number.isInteger(rate) && rate > 0)) throw new RangeError(`${rate} samples a second is no sampling rate`);
    const common = divisor(from, to);
    this.#up = to / common;
    this.#down = from / common;
    // In samples of the input: a slower output makes the filter longer.
    const stretch = Math.max(1, from / to);
    this.#taps = 2 * Math.ceil((TAPS * stretch) / 2);
    const cut = ((PASS + STOP) / 2) * Math.min(1, to / from);
    this.#phases = new Float32Array(this.#up * this.#taps);
    const half = this.#taps / 2;
    for (let p = 0; p < this.#up; p++) {
      const taps = Float64Array.from({ length: this.#taps }, (_, k) => {
        const t = k - half + 1 - p / this.#up;
        return 2 * cut * sinc(2 * cut * t) * kaiser(t / half);
      });
      const sum = taps.reduce((a, b) => a + b, 0);
      for (let k = 0; k < this.#taps; k++) this.#phases[p * this.#taps + k] = taps[k] / sum;
    }
  }

  /** ceil(n up / down) samples; before the first and after the last one there is silence. */
  apply(x: ArrayLike<number>): Float64Array {
    const n = x.length;
    const y = new Float64Array(Math.ceil((n * this.#up) / this.#down));
    const half = this.#taps / 2;
    for (let m = 0; m < y.length; m++) {
      const place = m * this.#down;
      const phase = place % this.#up;
      const first = (place - phase) / this.#up - half + 1;
      const at = phase * this.#taps;
      const from = Math.max(0, -first);
      const to = Math.min(this.#taps, n - first);
      let sum = 0;
      for (let k = from; k < to; k++) sum += x[first + k] * this.#phases[at + k];
      y[m] = sum;
    }
    return y;
  }
}

const sinc = (x: number): number => (x === 0 ? 1 : sin(Math.PI * x) / (Math.PI * x));

/** Kaiser window on [-1, 1]: I0(beta sqrt(1 - u^2)) / I0(beta). */
const kaiser = (u: number): number => (Math.abs(u) >= 1 ? 0 : besselI0(BETA * Math.sqrt(1 - u * u)) / besselI0(BETA));

function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x * x) / (4 * k * k);
    sum += term;
  }
  return sum;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
