/**
 * The linear Gaussian model of the simulated recordings. Repetition time TR, R regions, K sources:
 *
 *     g(t) = t^5 e^-t / 5! - t^15 e^-t / (6 15!),  t = 0, TR, ..., 32 s;   h = g / ||g||_2            (M taps)
 *     u_k,t = rho u_k,t-1 + sqrt(1 - rho^2) e,  e ~ N(0, 1), stationary;   s_k = h * u_k
 *     x_t = W s_t + n_t,  n ~ N(0, sigma^2);   W (R, K): orthogonal columns of squared norm R / K
 *     q = sum_ij h_i h_j rho^|i-j| = var s;  sigma^2 = q / snr;  sd_r = sqrt(||W_r||^2 q + sigma^2);  z = x / sd_r
 *
 * g is the usual double-gamma response to a stimulus (peaks at 5 s and 15 s, ratio 6). z is scaled by the model's
 * standard deviation, not by the run's own, so z is exactly Gaussian with variance 1 (the real recordings are z-scored
 * over each run).
 */
import { Draws } from '../draws.ts';
import { exp, normalOfWord } from '../portable-math.ts';

export interface SimulationSettings {
  seed: number;
  /** R. */
  regions: number;
  /** K. */
  sources: number;
  snr: number;
  rho: number;
}

/** The response h, of norm 1. */
export function response(repetitionTime: number): Float64Array {
  const taps = Math.floor(32 / repetitionTime + 1e-9) + 1;
  const g = Float64Array.from({ length: taps }, (_, m) => {
    const t = m * repetitionTime;
    let first = exp(-t);
    let second = first / 6;
    for (let n = 1; n <= 15; n++) {
      if (n <= 5) first *= t / n;
      second *= t / n;
    }
    return first - second;
  });
  const norm = Math.sqrt(g.reduce((sum, v) => sum + v * v, 0));
  return g.map((v) => v / norm);
}

/** sum_ij h_i h_j rho^|i - j + lag|: the covariance of s at that lag. */
export function signalCovariance(h: Float64Array, rho: number, lag = 0): number {
  const powers = powersOf(rho, h.length + lag);
  let sum = 0;
  for (let i = 0; i < h.length; i++)
    for (let j = 0; j < h.length; j++) sum += h[i] * h[j] * powers[Math.abs(i - j + lag)];
  return sum;
}

/** rho^0 ... rho^(n - 1). */
export function powersOf(rho: number, n: number): Float64Array {
  const powers = new Float64Array(n).fill(1);
  for (let i = 1; i < n; i++) powers[i] = powers[i - 1] * rho;
  return powers;
}

/** W (R, K) row by row: a Gaussian matrix, its columns made orthogonal (Gram-Schmidt, twice), scaled. */
export function mixingMatrix({ seed, regions: R, sources: K }: SimulationSettings): Float64Array {
  const draws = new Draws(seed, 'data/bold-sim/mixing').start(0);
  const columns = Array.from({ length: K }, () => Float64Array.from({ length: R }, () => normalOfWord(draws.word())));
  for (let k = 0; k < K; k++) {
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < k; j++) {
        const along = dot(columns[k], columns[j]);
        columns[k] = columns[k].map((v, r) => v - along * columns[j][r]);
      }
    const norm = Math.sqrt(dot(columns[k], columns[k]));
    columns[k] = columns[k].map((v) => v / norm);
  }
  const scale = Math.sqrt(R / K);
  return Float64Array.from({ length: R * K }, (_, n) => columns[n % K][Math.floor(n / K)] * scale);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** All that follows from the settings and one repetition time. */
export interface BoldModel {
  repetitionTime: number;
  rho: number;
  regions: number;
  sources: number;
  /** Response, M taps. */
  h: Float64Array;
  /** Variance of a source's signal. */
  q: number;
  /** Noise variance. */
  noise: number;
  /** W (R, K), row by row. */
  mixing: Float64Array;
  /** ||W_r||^2 of each region. */
  weight: Float64Array;
  /** Standard deviation of each region. */
  sd: Float64Array;
}

export function boldModel(
  settings: SimulationSettings,
  repetitionTime: number,
  mixing = mixingMatrix(settings),
): BoldModel {
  const { regions, sources, snr, rho } = settings;
  const h = response(repetitionTime);
  const q = signalCovariance(h, rho);
  const noise = q / snr;
  const weight = new Float64Array(regions);
  for (let r = 0; r < regions; r++) for (let k = 0; k < sources; k++) weight[r] += square(mixing[r * sources + k]);
  const sd = weight.map((w) => Math.sqrt(w * q + noise));
  return { repetitionTime, rho, regions, sources, h, q, noise, mixing, weight, sd };
}

/** Not `**`, whose last bit depends on the engine. */
const square = (x: number): number => x * x;
