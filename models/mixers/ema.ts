/**
 * A moving average in the place of a state space: the block of S4 with the kernel of Mega's damped average.
 *
 *   k[l] = sqrt(1/n) sum_j p_j beta_j gamma_j q_j^l,   p = sigmoid(delta),  q = 1 - p sigmoid(alpha)      n real decays
 *   y = GLU(W dropout(GELU(k * u + D u)) + b)        `layers/convolution.ts`, `kernels/ops/ema-kernel`
 *
 * Ma et al. 2022, arXiv 2209.10655, equations 4 to 6; as a kernel by itself in the ablation of the S4 repository
 * (configs/experiment/mega/lra-image, `mode: ema`). `tiedStep`: one delta for all decays of a channel, with which the models
 * of that ablation have their published sizes. `shared`: both directions have the same delta, alpha and beta.
 *
 * Parameters, below `layer.kernel` (R = H, or 2H of a two-sided model that shares nothing): delta (R, n or 1, 1), alpha and
 * beta (R, n, 1), gamma (H or 2H, n); `layer.D` (1, H). Initial values as in `layers/moving-average.ts`. They have the run's
 * rate and decay: the public code sets none of their own.
 *
 * Causal as any filter of the past; two-sided (`bidirectional`) a second kernel runs backwards.
 */
import { add } from '../../kernels/ops/binary/op.ts';
import { concat } from '../../kernels/ops/concat/op.ts';
import { type EmaParameters, emaKernel } from '../../kernels/ops/ema-kernel/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { Convolution, type ConvolutionConfig, convolutionDefaults, convolutionOptions } from '../layers/convolution.ts';
import { averageModes, averageParameters } from '../layers/moving-average.ts';
import type { MixerDefinition } from '../mixer.ts';
import { flag, whole } from '../options.ts';
import { stateSpaceRecurrence } from '../state-space/recurrence.ts';

export interface EmaConfig extends Omit<ConvolutionConfig, 'channels'> {
  /** Decays per channel, n. */
  decays: number;
  tiedStep: boolean;
  shared: boolean;
}

const { channels: _, ...defaults } = convolutionDefaults;
const { channels: __, ...options } = convolutionOptions;

const ema: MixerDefinition<EmaConfig> = {
  id: 'ema',
  title: 'EMA',
  paper: { title: 'Mega: Moving Average Equipped Gated Attention', arxiv: '2209.10655', year: 2022 },
  kind: 'convolution',
  complexity: { sequence: 'L log L + n L', step: 'n' },
  golden: ['mega', 'fftconv'],
  systems: [],
  causal: ({ bidirectional }) => !bidirectional,
  defaults: { ...defaults, decays: 64, tiedStep: true, shared: false },
  options: { ...options, decays: whole(1), tiedStep: flag, shared: flag },
  build(store, size, config, streams) {
    const { width: H } = size;
    const { decays: n, bidirectional, tiedStep, shared } = config;
    const inner = store.at('layer');
    const sides = bidirectional ? 2 : 1;
    const rows = shared ? H : sides * H;
    const own = averageParameters(inner.at('kernel'), { rows, outputs: sides * H, decays: n, tiedStep }, streams);
    const layer = new Convolution(store, inner, size, { ...config, channels: 1 }, streams);
    /** With a delta for every decay, and all of them for either side. */
    const complete = (t: Tape): EmaParameters => {
      const zeros = tiedStep ? t.tensor(new Float64Array(n), [1, n, 1]) : null;
      const both = (x: Tensor) => (shared && bidirectional ? concat(t, [x, x], 0) : x);
      const delta = both(zeros ? add(t, own.delta, zeros) : own.delta);
      return { delta, alpha: both(own.alpha), beta: both(own.beta), gamma: own.gamma };
    };
    const taps = (t: Tape, length: number) =>
      t.scope(() => t.reshape(emaKernel(t, complete(t), length), [sides, H, length]));
    const recurrence = (t: Tape) =>
      layer.recurrence(async (D) => stateSpaceRecurrence(t, await averageModes(complete(t), H), D));
    return {
      anyRate: true,
      forward: (t, x, context) => layer.forward(t, x, context, (length) => taps(t, length)),
      kernel: taps,
      ...(bidirectional ? {} : { recurrence }),
    };
  },
};
export default ema;
