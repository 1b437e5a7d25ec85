/**
 * DSS: a diagonal state space whose N complex modes are shared by all channels, without conjugates.
 *
 *   k[l] = Re sum_n W_n f_n exp(x_n l),  x_n = e^{log_dt[h,0]} Re Lambda_n + i e^{log_dt[h,1]} Im Lambda_n
 *   y = GLU(W_o dropout(GELU(k * u + D u)) + b)                            `layers/convolution.ts`
 *
 *   softmax        f_n = (e^{x_n} - 1) / ((e^{x_n S} - 1) Lambda_n): each mode's row exp(x_n l), l < S, over its sum
 *   exp            f_n = (e^{x_n} - 1) / Lambda_n,  Re Lambda = -exp(Lambda_log_neg_re): zero-order hold
 *   exp-re-im      as exp, Im Lambda = exp(Lambda_log_im)
 *   exp-no-scale   f_n = 1
 *   clip           as exp, Re Lambda = min(Re Lambda, 1e-4); clip-no-scale: f_n = 1
 *
 * Gupta, Gu and Berant 2022, arXiv 2203.14343, proposition 1 and appendix A.2 (exact formulas with their guards against
 * division by zero: `kernels/ops/dss-kernel/op.ts`). Parameters below `layer.kernel`: log_dt (H, 2) or (H), Lambda (N, 2)
 * or its stored parts, W (C, H, N, 2).
 *
 * Start: Lambda = the N eigenvalues of positive imaginary part, largest first, of the skew part (M - M^T)/2 of the
 * 2N x 2N matrix M[n,k] = sqrt((2n+1)(2k+1)), n > k, minus 1/2 (the normal part of HiPPO-LegS); W ~ N(0, 1) in each part;
 * steps log-uniform, at first the same for both parts. `random`: both parts of Lambda ~ N(0, 1), for softmax, which alone
 * bears growing modes.
 *
 * The public code differs from the paper's text: real part of N modes instead of conjugate pairs, and by default two
 * steps per channel. Its `softmax` normalises over the steps of the batch at hand, so that what a sequence gives depends
 * on how far its batch is padded; here S is the length that the model is made for, whatever the batch: the same for
 * batches of that length. Causal: the kernel has no taps of negative lag.
 */

import { type DssForm, dssKernel } from '../../kernels/ops/dss-kernel/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Stream } from '../../kernels/tensor/random.ts';
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
import { flag, oneOf, positive, rates, whole } from '../options.ts';
import type { StoreView } from '../parameters.ts';
import { dssModes } from '../state-space/dss-modes.ts';
import { kernelHints, logSteps, skewModes, stepOptions } from '../state-space/initial.ts';
import { stateSpaceRecurrence } from '../state-space/recurrence.ts';

export const dssVersions = ['softmax', 'exp', 'exp-re-im', 'exp-no-scale', 'clip', 'clip-no-scale'] as const;
export type DssVersion = (typeof dssVersions)[number];

export interface DssConfig extends ConvolutionConfig {
  /** Modes N. */
  states: number;
  version: DssVersion;
  /** Of one channel, a step for each part of Lambda, or one for both. */
  separateSteps: boolean;
  init: 'hippo' | 'random';
  dtMin: number;
  dtMax: number;
  /** Guard of the softmax's division. */
  epsilon: number;
  /** Learning rates of the kernel's parameters; null: the run's own. No weight decay on any of them. */
  lr: { dt: number | null; Lambda: number | null; W: number | null };
}

/** The op's options for a version. The code's guard of `exp` is 1e-7 whatever epsilon is. */
export function dssVersion(version: DssVersion, { epsilon = 1e-7, ceiling = 1e-4 } = {}): DssForm {
  const clip = version.startsWith('clip');
  const softmax = version === 'softmax';
  return {
    scaling: softmax ? 'softmax' : version.endsWith('no-scale') ? 'none' : 'zoh',
    real: softmax || clip ? 'plain' : 'negative-exp',
    imag: version === 'exp-re-im' ? 'exp' : 'plain',
    ceiling: clip ? ceiling : null,
    epsilon: softmax ? epsilon : 1e-7,
  };
}

const dss: MixerDefinition<DssConfig> = {
  id: 'dss',
  title: 'DSS',
  paper: {
    title: 'Diagonal State Spaces are as Effective as Structured State Spaces',
    arxiv: '2203.14343',
    year: 2022,
  },
  kind: 'state space',
  complexity: { sequence: 'L log L + N L', step: 'N' },
  golden: ['dss', 'fftconv'],
  systems: [
    {
      id: 'dss',
      title: 'DSS-softmax',
      speed: { published: null },
      published: ['DSS-softmax', 'DSS (as cited by Liquid-S4)'],
      cases: /softmax|fftconv/,
    },
    { id: 'dss-exp', title: 'DSS-exp', config: { version: 'exp' }, published: ['DSS-exp'], cases: /dss_exp|fftconv/ },
  ],
  causal: ({ bidirectional }) => !bidirectional,
  defaults: {
    ...convolutionDefaults,
    states: 64,
    version: 'softmax',
    separateSteps: true,
    init: 'hippo',
    dtMin: 0.001,
    dtMax: 0.1,
    epsilon: 1e-7,
    lr: { dt: 0.001, Lambda: 0.001, W: 0.001 },
  },
  options: {
    ...convolutionOptions,
    ...stepOptions,
    states: whole(1),
    version: oneOf(...dssVersions),
    separateSteps: flag,
    init: oneOf('hippo', 'random'),
    epsilon: positive,
    lr: rates('dt', 'Lambda', 'W'),
  },
  build(store, size, config, streams) {
    const { width: H } = size;
    const { states: N, version, separateSteps, dtMin, dtMax, lr } = config;
    if (config.init === 'random' && version !== 'softmax')
      throw new RangeError(`DSS-${version} cannot start from random modes, some of which grow: use version softmax`);
    const rows = kernelChannels(config);
    const stream = streams.get('init');
    const inner = store.at('layer');
    const kernel = inner.at('kernel');
    const steps = () => {
      const log = logSteps(stream, H, dtMin, dtMax);
      return separateSteps ? Float64Array.from({ length: 2 * H }, (_, i) => log[i >> 1]) : log;
    };
    const logStep = kernel.add('log_dt', steps, separateSteps ? [H, 2] : [H], kernelHints(lr.dt));
    const lambda = storedModes(kernel, config, stream);
    const W = kernel.add('W', () => stream.normals(2 * rows * H * N), [rows, H, N, 2], kernelHints(lr.W));
    const layer = new Convolution(store, inner, size, config, streams);
    const attrs = dssVersion(version, config);
    const taps = (t: Tape, length: number) => {
      const [re, im] = lambda(t);
      return dssKernel(t, { logStep, re, im, W }, { ...attrs, length, span: Math.max(length, size.length) });
    };
    const recurrence = (t: Tape) =>
      layer.recurrence(async (D) => {
        const [re, im] = lambda(t);
        const modes = await dssModes(
          { logStep, re, im, W },
          { ...attrs, length: size.length, span: null },
          t.device.real,
        );
        return stateSpaceRecurrence(t, modes, D);
      });
    return {
      anyRate: true,
      forward: (t, x, context) => layer.forward(t, x, context, (length) => taps(t, length)),
      kernel: taps,
      ...(config.bidirectional ? {} : { recurrence }),
    };
  },
};
export default dss;

/** Registers Lambda as its version stores it; gives the two parts, (N) each. */
function storedModes(
  store: StoreView,
  { states: N, version, init, lr }: DssConfig,
  stream: Stream,
): (t: Tape) => [Tensor, Tensor] {
  const hints = kernelHints(lr.Lambda);
  const { real, imag } = dssVersion(version);
  if (real === 'plain') {
    const pairs = () =>
      init === 'random'
        ? stream.normals(2 * N)
        : Float64Array.from({ length: 2 * N }, (_, i) => (i % 2 === 0 ? -0.5 : skewModes(N)[i >> 1]));
    const lambda = store.add('Lambda', pairs, [N, 2], hints);
    const part = (t: Tape, start: number) => t.reshape(slice(t, lambda, { axis: 1, start, length: 1 }), [N]);
    return (t) => [part(t, 0), part(t, 1)];
  }
  const re = store.add('Lambda_log_neg_re', () => new Float64Array(N).fill(Math.log(0.5)), [N], hints);
  const im =
    imag === 'exp'
      ? store.add('Lambda_log_im', () => skewModes(N).map(Math.log), [N], hints)
      : store.add('Lambda_im', () => skewModes(N), [N], hints);
  return () => [re, im];
}
