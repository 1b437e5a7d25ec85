/**
 * The layer that S4, S4D, SGConv and Long Conv share: a long convolution, an activation, and a dense map that
 * mixes the channels. They differ only in where the kernel k comes from.
 *
 *   v = k * u + D u                        u (B, H, L), k (C, H, L), D (C, H), v (B, C H, L)
 *   y = GLU(W dropout(GELU(v)) + b)        W (2H, C H), b (2H), GLU(a, b) = a sigmoid(b); y (B, L, H)
 *
 * Gu et al. 2022, arXiv 2111.00396, Figure 3 and the public S4 block. `output: 'linear'` leaves out the GLU
 * (W (H, C H), the block of SGConv's standalone file), `'none'` the map as well.
 *
 * Two-sided: k has 2C channels; the first C act on the past and the present (lag 0, 1, ...), the last C on the
 * future starting at lag -1 (k1[0] multiplies u[t+1]), as in the public code, not as a symmetric kernel.
 *
 * Layout: one permute to (B, H, L) for the convolution; the dense map is one product with the left operand
 * transposed, which lands in (B, L, 2H), so no second permute is needed.
 *
 * At `context.rate` r the input has every r-th sample: it is held for r steps of the kernel, and the output read at the
 * last of them. That is a convolution with the sums of r taps each, k'[l] = k[r l] + ... + k[r l + r - 1], on both sides;
 * for a state space under zero-order hold it is the same one with the step r dt, as in the public S4.
 *
 * Padded batches: u is zeroed at padded steps before the convolution; D ~ N(0, 1).
 */

import { dropout } from '../../kernels/ops/dropout/op.ts';
import { type ConvForm, convForms, fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { glu } from '../../kernels/ops/glu/op.ts';
import { maskTime } from '../../kernels/ops/mask-time/op.ts';
import { linear, matmul } from '../../kernels/ops/matmul/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { sum } from '../../kernels/ops/reduce/op.ts';
import { gelu, geluTanh } from '../../kernels/ops/unary/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { MixerContext, MixerSize, Recurrence } from '../mixer.ts';
import { flag, type Options, oneOf, whole } from '../options.ts';
import type { StoreView } from '../parameters.ts';
import { Linear } from './linear.ts';
import { pipe } from './pipe.ts';

export interface ConvolutionConfig {
  /** Kernels per feature, C. */
  channels: number;
  bidirectional: boolean;
  activation: 'gelu' | 'gelu-tanh' | 'none';
  output: 'glu' | 'linear' | 'none';
  /**
   * How the convolution is computed; the values are the same. `unfused`: pass by pass, as the papers' baselines;
   * `three-pass`: for rows longer than the caches; `monarch`: by dense matrix products.
   */
  form: ConvForm;
}

export const convolutionOptions: Options<ConvolutionConfig> = {
  channels: whole(1),
  bidirectional: flag,
  activation: oneOf('gelu', 'gelu-tanh', 'none'),
  output: oneOf('glu', 'linear', 'none'),
  form: oneOf(...convForms),
};

export const convolutionDefaults: ConvolutionConfig = {
  channels: 1,
  bidirectional: false,
  activation: 'gelu',
  output: 'glu',
  form: 'fused',
};

/** Kernel channels that a layer needs: C, or 2C when it is two-sided. */
export const kernelChannels = ({
  channels,
  bidirectional,
}: Pick<ConvolutionConfig, 'channels' | 'bidirectional'>): number => (bidirectional ? 2 * channels : channels);

export class Convolution {
  readonly #skip: Tensor;
  readonly #output: Linear | null;

  /** Registers `D` in `inner` (where the public code keeps it) and the dense map in `store`. */
  constructor(
    store: StoreView,
    inner: StoreView,
    readonly size: MixerSize,
    readonly config: ConvolutionConfig,
    streams: Streams,
  ) {
    const { width } = size;
    const { channels, output } = config;
    if (output === 'none' && channels !== 1)
      throw new RangeError(`a convolution of ${channels} channels needs an output map: set output to glu or linear`);
    this.#skip = inner.add('D', () => streams.get('init').normals(channels * width), [channels, width]);
    this.#output =
      output === 'none'
        ? null
        : new Linear(
            store.at(output === 'glu' ? 'output_linear.0' : 'output_linear'),
            channels * width,
            output === 'glu' ? 2 * width : width,
            streams,
          );
  }

  /** x (B, L, H) and the kernel that `makeKernel` gives for length L, (C or 2C, H, L), to (B, L, H). */
  forward(t: Tape, x: Tensor, context: MixerContext, makeKernel: (length: number) => Tensor): Tensor {
    const { bidirectional, form } = this.config;
    const sides = bidirectional ? 'lag-1' : 'causal';
    const { rate = 1 } = context;
    const kernel = (length: number) => (rate === 1 ? makeKernel(length) : slower(t, makeKernel(rate * length), rate));
    return this.around(t, x, context, (u, skip) => fftConv(t, u, kernel(u.shape[2]), skip, { sides, form }));
  }

  /** The layer around another `core` than a convolution: u (B, H, L) and the skip D (C, H) to (B, C H, L). */
  around(t: Tape, x: Tensor, context: MixerContext, core: (u: Tensor, skip: Tensor) => Tensor): Tensor {
    const { lengths } = context;
    const map = this.#output;
    return pipe(t, x, [
      (u) => (lengths ? maskTime(t, u, lengths) : u),
      (u) => permute(t, u, [0, 2, 1]),
      (u) => core(u, this.#skip),
      (v) => this.#activate(t, v),
      (v) => this.#drop(t, v, 2),
      (v) =>
        map ? matmul(t, v, map.weight, { transA: true, transB: true, bias: map.bias }) : permute(t, v, [0, 2, 1]),
      (z) => this.#gate(t, z),
    ]);
  }

  /** As `around`, for a core that has steps before channels: u (B, L, H) to (B, L, C H). */
  along(t: Tape, x: Tensor, context: MixerContext, core: (u: Tensor, skip: Tensor) => Tensor): Tensor {
    const { lengths } = context;
    return pipe(t, x, [
      (u) => (lengths ? maskTime(t, u, lengths) : u),
      (u) => core(u, this.#skip),
      (v) => this.#activate(t, v),
      (v) => this.#drop(t, v, 1),
      (v) => this.#map(t, v),
      (z) => this.#gate(t, z),
    ]);
  }

  #activate(t: Tape, v: Tensor): Tensor {
    const { activation } = this.config;
    return activation === 'none' ? v : activation === 'gelu' ? gelu(t, v) : geluTanh(t, v);
  }

  /** `time`: the axis of the steps. */
  #drop(t: Tape, v: Tensor, time: number): Tensor {
    return dropout(t, v, { p: this.size.dropout, tied: this.size.tiedDropout ? [time] : [] });
  }

  #map(t: Tape, v: Tensor): Tensor {
    return this.#output ? linear(t, v, this.#output.weight, this.#output.bias) : v;
  }

  #gate(t: Tape, z: Tensor): Tensor {
    return this.config.output === 'glu' ? glu(t, z) : z;
  }

  /**
   * The recurrent form of the layer, given that of its convolution with the skip: `core` takes D (C, H) and moves
   * (B, M, H) to (B, M, C H), channel c H + h. Causal layers alone have one.
   */
  async recurrence(core: (skip: Tensor) => Promise<Recurrence>): Promise<Recurrence> {
    const { start, advance } = await core(this.#skip);
    const after = (t: Tape, y: Tensor) =>
      pipe(t, y, [(v) => this.#activate(t, v), (v) => this.#map(t, v), (z) => this.#gate(t, z)]);
    return {
      start,
      advance(t, x, state) {
        const [y, ...next] = t.scope(() => {
          const core = advance(t, x, state);
          const y = after(t, core.y);
          return [y, ...core.state];
        });
        return { y, state: next };
      },
    };
  }
}

/** k (C, H, r L) to the sums of r taps each, (C, H, L). */
function slower(t: Tape, k: Tensor, rate: number): Tensor {
  const [C, H, taps] = k.shape;
  return sum(t, t.reshape(k, [C, H, taps / rate, rate]), [3]);
}
