/**
 * The moving average of Mega: a multi-dimensional damped EMA of every channel, with a skip term.
 *
 *   h_t = q h_{t-1} + p beta x_t,  y_t = silu(sqrt(1/n) sum_j gamma_j h_t[j] + omega x_t)      n decays per channel
 *   p = sigmoid(delta),  q = 1 - p sigmoid(alpha)
 *
 * Ma et al. 2022, arXiv 2209.10655, equations 4 to 6 and 9. Here a convolution with k[l] = sqrt(1/n) sum_j p beta gamma q^l
 * (`kernels/ops/ema-kernel`); by steps it is a state space with real modes. Two-sided: 2D kernels, the last D over the
 * future, both with lag 0, as in the public code.
 *
 * Padded steps of x do not enter the convolution; omega x is added to them all the same, as in the public code.
 *
 * Initial values (public code): delta, alpha ~ 0.2 N(0, 1); beta = +1, -1, +1, ... + 0.02 N(0, 1); gamma, omega ~ N(0, 1).
 */

import { add, mul } from '../../kernels/ops/binary/op.ts';
import { type EmaParameters, emaKernel } from '../../kernels/ops/ema-kernel/op.ts';
import { fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { maskTime } from '../../kernels/ops/mask-time/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { silu } from '../../kernels/ops/unary/op.ts';
import type { Stream, Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { Recurrence } from '../mixer.ts';
import { flag, type Options, orNull, whole } from '../options.ts';
import type { StoreView } from '../parameters.ts';
import { type Modes, stateSpaceRecurrence } from '../state-space/recurrence.ts';

export interface MovingAverageConfig {
  /** Decays per channel, n. */
  decays: number;
  bidirectional: boolean;
  /** The kernel is cut after so many taps; null: never. */
  truncation: number | null;
}

export const movingAverageOptions: Options<MovingAverageConfig> = {
  decays: whole(1),
  bidirectional: flag,
  truncation: orNull(whole(1)),
};

/** Which steps are padding: lengths i32 (B), or 1 at real steps and 0 at others, (B, L, 1). */
export type Padding = { lengths: Tensor } | { real: Tensor } | null;

export class MovingAverage {
  readonly #parameters: EmaParameters;
  readonly #omega: Tensor;

  /** Registers delta, alpha, beta (D or 2D, n, 1), gamma (D or 2D, n) and omega (D) below `store`. */
  constructor(
    store: StoreView,
    readonly width: number,
    readonly config: MovingAverageConfig,
    streams: Streams,
  ) {
    const { decays, bidirectional } = config;
    const rows = bidirectional ? 2 * width : width;
    this.#parameters = averageParameters(store, { rows, outputs: rows, decays, tiedStep: false }, streams);
    this.#omega = store.add('omega', () => streams.get('init').normals(width), [width]);
  }

  /** (1 or 2, D, taps) for sequences of `length` steps. */
  kernel(t: Tape, length: number): Tensor {
    const taps = Math.min(length, this.config.truncation ?? length);
    const k = emaKernel(t, this.#parameters, taps);
    return t.reshape(k, [k.shape[0] / this.width, this.width, taps]);
  }

  /** x (B, L, D) to (B, D, L): what follows is a dense map, which takes its input either way. */
  forward(t: Tape, x: Tensor, padding: Padding): Tensor {
    const sides = this.config.bidirectional ? 'double-zero' : 'causal';
    const turned = (u: Tensor) => permute(t, u, [0, 2, 1]);
    return t.scope(() => {
      const k = this.kernel(t, x.shape[1]);
      if (!padding) return silu(t, fftConv(t, turned(x), k, t.reshape(this.#omega, [1, this.width]), { sides }));
      const seen = 'lengths' in padding ? maskTime(t, x, padding.lengths) : mul(t, x, padding.real);
      const skip = turned(mul(t, x, this.#omega));
      return silu(t, add(t, fftConv(t, turned(seen), k, null, { sides }), skip));
    });
  }

  /** The same by steps, (B, M, D) to (B, M, D), without the silu. One-sided, not truncated. */
  async recurrence(t: Tape): Promise<Recurrence> {
    const { width } = this;
    return stateSpaceRecurrence(t, await averageModes(this.#parameters, width), t.reshape(this.#omega, [1, width]));
  }
}

/**
 * Registers delta (rows, n, 1; with `tiedStep` (rows, 1, 1), for all decays of a row), alpha and beta (rows, n, 1), and gamma
 * (outputs, n).
 */
export function averageParameters(
  store: StoreView,
  { rows, outputs, decays: n, tiedStep }: { rows: number; outputs: number; decays: number; tiedStep: boolean },
  streams: Streams,
): EmaParameters {
  const stream = streams.get('init');
  const steps = tiedStep ? 1 : n;
  return {
    delta: store.add('delta', () => stream.normals(rows * steps, 0.2), [rows, steps, 1]),
    alpha: store.add('alpha', () => stream.normals(rows * n, 0.2), [rows, n, 1]),
    beta: store.add('beta', () => alternating(stream, rows * n, n), [rows, n, 1]),
    gamma: store.add('gamma', () => stream.normals(outputs * n), [outputs, n]),
  };
}

/** The modes of one-sided averages: delta, alpha and beta (width, n, 1), gamma (width, n). */
export async function averageModes(p: EmaParameters, width: number): Promise<Modes> {
  const n = p.gamma.shape[1];
  const tensors = [p.delta, p.alpha, p.beta, p.gamma];
  const [delta, alpha, beta, gamma] = await Promise.all(tensors.map((x) => x.read()));
  const [a, c] = [new Float64Array(2 * width * n), new Float64Array(2 * width * n)];
  for (let i = 0; i < width * n; i++) {
    const p = 1 / (1 + Math.exp(-delta[i]));
    a[2 * i] = 1 - p / (1 + Math.exp(-alpha[i]));
    c[2 * i] = Math.sqrt(1 / n) * p * beta[i] * gamma[i];
  }
  return { width, modes: n, channels: 1, a, c };
}

/** +1, -1, +1, ... for each channel, and a little noise. */
const alternating = (stream: Stream, count: number, n: number): Float64Array =>
  stream.normals(count, 0.02).map((x, i) => x + ((i % n) % 2 === 0 ? 1 : -1));
