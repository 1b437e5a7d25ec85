/**
 * Long Conv: the convolution kernel itself is the parameter, as long as the sequence, kept in check by simple
 * regularisation.
 *
 *   k = dropout(squash(smooth(K)))          K (C, H, L), 2C rows when two-sided
 *   smooth   k[j] = (1/w) sum_{|i| <= (w-1)/2} K[j+i]    zeros outside, divisor w at the edges too
 *   squash   k = sign(K) max(|K| - lambda, 0)            soft threshold: favours sparse kernels
 *   dropout  of kernel taps, one mask per forward pass, shared by the batch
 *   y = GLU(W dropout(GELU(k * u + D u)) + b)            `layers/convolution.ts`
 *
 * Fu et al. 2023, arXiv 2302.06646, section 3. The paper lists squash first; the public code smooths first, and
 * so do we. Initial kernels: `random` 0.002 N(0, 1); `geometric` 0.02 N(0, 1) exp(-(j/L) floor(H/2)^(h/H)) for
 * tap j of channel h. The published lambdas (0.001 to 0.004) are of the size of a fresh random tap. The kernel
 * has its own small learning rate and no weight decay.
 *
 * Causal: tap j is lag j, unless `bidirectional`. The public one-file ("standalone") version is neither: its kernel has 2L
 * taps under a transform of 2L, so that the second half acts on the future although its comment says causal. It is the
 * convolution's side `circular` (kernels/ops/fft-conv/op.ts).
 */

import { longconvKernel } from '../../kernels/ops/longconv-kernel/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import {
  Convolution,
  type ConvolutionConfig,
  convolutionDefaults,
  convolutionOptions,
  kernelChannels,
} from '../layers/convolution.ts';
import type { MixerDefinition } from '../mixer.ts';
import { notNegative, type Options, odd, oneOf, orNull, probability, rate, whole } from '../options.ts';
import type { StoreView } from '../parameters.ts';

export interface LongConvConfig extends ConvolutionConfig {
  init: 'random' | 'geometric';
  /** Kernel length; null: the longest sequence. */
  taps: number | null;
  /** Squash threshold. */
  lambda: number;
  /** Width w of the smoothing window, odd; 1: no smoothing. */
  window: number;
  /** Probability that a kernel tap is dropped. */
  kernelDropout: number;
  /** Learning rate of the kernel; null: the run's. */
  lr: number | null;
}

/** Of the taps alone. */
export const tapsOptions: Options<Omit<LongConvConfig, keyof ConvolutionConfig>> = {
  init: oneOf('random', 'geometric'),
  taps: orNull(whole(1)),
  lambda: notNegative,
  window: odd,
  kernelDropout: probability,
  lr: rate,
};

const longConv: MixerDefinition<LongConvConfig> = {
  id: 'long-conv',
  title: 'Long Conv',
  paper: {
    title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling',
    arxiv: '2302.06646',
    year: 2023,
  },
  kind: 'convolution',
  complexity: { sequence: 'L log L', step: null },
  golden: ['longconv', 'fftconv', 'monarch'],
  systems: [
    {
      id: 'long-conv',
      title: 'Long Conv',
      cases: /^(?!monarch|threepass|butterfly|rfft)/,
      speed: { published: 'Long Conv + FlashButterfly' },
      lra: () => ({ bidirectional: false }),
      published: ['Long Conv, Rand', 'Long Conv, Rand + Squash', 'Long Conv + FlashButterfly'],
    },
    {
      id: 'long-conv-geometric',
      cases: /^(?!monarch|threepass|butterfly|rfft)/,
      title: 'Long Conv, geometric',
      config: { init: 'geometric' },
      lra: () => ({ bidirectional: false }),
      published: ['Long Conv, Geom/Exp + Squash', 'Long Conv, Geom', 'Long Conv, Geom/Exp'],
    },
    {
      id: 'long-conv-monarch',
      title: 'Long Conv, Monarch convolution',
      cases: /^(?!butterfly)/,
      paper: {
        title: 'FlashFFTConv: Efficient Convolutions for Long Sequences with Tensor Cores',
        arxiv: '2311.05908',
        year: 2023,
      },
      config: { form: 'monarch' },
      lra: () => ({ bidirectional: false, form: 'monarch' }),
      published: ['Long Conv + FlashFFTConv'],
    },
  ],
  causal: ({ bidirectional }) => !bidirectional,
  defaults: {
    ...convolutionDefaults,
    init: 'random',
    taps: null,
    lambda: 0.003,
    window: 1,
    kernelDropout: 0.2,
    lr: 0.001,
  },
  options: { ...convolutionOptions, ...tapsOptions },
  build(store, size, config, streams) {
    const taps = config.taps ?? size.length;
    const kernel = longConvTaps(store.at('kernel'), size.width, kernelChannels(config), taps, config, streams);
    const layer = new Convolution(store, store, size, config, streams);
    return {
      anyRate: true,
      forward: (t, x, context) => layer.forward(t, x, context, (length) => kernel(t, length)),
      kernel,
    };
  },
};
export default longConv;

/** Registers `rows` kernels of `taps` taps for each of H channels; they give (rows, H, length), length <= taps. */
export function longConvTaps(
  store: StoreView,
  H: number,
  rows: number,
  taps: number,
  config: Omit<LongConvConfig, keyof ConvolutionConfig | 'taps'>,
  streams: Streams,
): (t: Tape, length: number) => Tensor {
  const { init, lambda, window, kernelDropout: dropout, lr } = config;
  const hints = { ...(lr === null ? {} : { lr }), weightDecay: 0 };
  const parameter = store.add('kernel', () => initialTaps(init, rows, H, taps, streams), [rows, H, taps], hints);
  return (t, length) => {
    const k = longconvKernel(t, parameter, { lambda, window, dropout });
    return length < taps ? slice(t, k, { axis: 2, start: 0, length }) : k;
  };
}

function initialTaps(init: LongConvConfig['init'], rows: number, H: number, L: number, streams: Streams): Float64Array {
  const taps = streams.get('init').normals(rows * H * L, init === 'random' ? 0.002 : 0.02);
  if (init === 'random') return taps;
  const rate = Float64Array.from({ length: H }, (_, h) => Math.max(1, Math.floor(H / 2)) ** (h / H));
  return taps.map((x, i) => x * Math.exp(-((i % L) / L) * rate[Math.floor(i / L) % H]));
}
