/**
 * S4D: S4 with a diagonal state matrix.
 *
 *   k[l] = 2 Re sum_n C_n Bbar_n Abar_n^l        n over the N/2 stored modes; the factor 2 stands for the conjugates
 *   zoh       Abar = exp(dt A),                  Bbar = B (exp(dt A) - 1) / A
 *   bilinear  Abar = (1 + dt A/2)/(1 - dt A/2),  Bbar = B dt / (1 - dt A/2)
 *   y = GLU(W dropout(GELU(k * u + D u)) + b)    `layers/convolution.ts`
 *
 * Gu, Gupta, Goel and Re 2022, arXiv 2206.11893, equations 6 and 7. Parameters as in `s4.ts` without P; C is not
 * folded. Starts: `lin`, `inv`, `legs`, `quad`, `real` (`state-space/initial.ts`). Where the paper has A = -1/2 +
 * i pi n, the code stores -1/2 - i pi n (the conjugate: same kernels for conjugate C) and raises the frequency 0
 * of `lin` to 1e-4. `dss` is the row-normalised discretisation of the same code base; it is normalised over the
 * model's length here, over that of each batch there.
 *
 * Causal, as any state space that runs forwards; two-sided (`bidirectional`) a second kernel runs backwards.
 */

import { type DiagonalKind, diagonalKinds } from '../../kernels/numerics/hippo.ts';
import { discretisations, type S4dParameters, s4dKernel } from '../../kernels/ops/s4d-kernel/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { Convolution, type ConvolutionConfig, kernelChannels } from '../layers/convolution.ts';
import type { MixerDefinition, Recurrence } from '../mixer.ts';
import { oneOf } from '../options.ts';
import type { StoreView } from '../parameters.ts';
import {
  asPairs,
  complexNormals,
  diagonal,
  type KernelRates,
  kernelHints,
  logSteps,
  stateCopies,
  stateSpaceDefaults,
  stateSpaceOptions,
  tile,
} from '../state-space/initial.ts';
import { stateSpaceRecurrence } from '../state-space/recurrence.ts';
import { s4dModes } from '../state-space/s4d-modes.ts';

export interface S4dConfig extends ConvolutionConfig {
  /** State size N, even. */
  states: number;
  /** Number S of state matrices, a divisor of H; null: one per channel. */
  copies: number | null;
  init: DiagonalKind;
  discretisation: 'zoh' | 'bilinear' | 'dss';
  dtMin: number;
  dtMax: number;
  lr: KernelRates;
}

const s4d: MixerDefinition<S4dConfig> = {
  id: 's4d',
  title: 'S4D',
  paper: {
    title: 'On the Parameterization and Initialization of Diagonal State Space Models',
    arxiv: '2206.11893',
    year: 2022,
  },
  kind: 'state space',
  complexity: { sequence: 'L log L + N L', step: 'N' },
  golden: ['s4d', 'fftconv'],
  systems: [
    { id: 's4d', title: 'S4D-Lin', speed: { published: null }, published: ['S4D', 'S4D-Lin'] },
    { id: 's4d-inv', title: 'S4D-Inv', config: { init: 'inv' }, published: ['S4D-Inv'] },
    { id: 's4d-legs', title: 'S4D-LegS', config: { init: 'legs' }, published: ['S4D-LegS'] },
    { id: 's4d-quad', title: 'S4D-Quad', config: { init: 'quad' } },
    {
      id: 's4d-real',
      title: 'S4D-Real',
      config: { init: 'real' },
      published: ['(large) S4D-Real', '(small) S4D-Real'],
    },
  ],
  causal: ({ bidirectional }) => !bidirectional,
  defaults: { ...stateSpaceDefaults, init: 'lin', discretisation: 'zoh' },
  options: { ...stateSpaceOptions, init: oneOf(...diagonalKinds), discretisation: oneOf(...discretisations) },
  build(store, size, config, streams) {
    const inner = store.at('layer');
    const kernel = diagonalKernel(inner.at('kernel'), size.width, kernelChannels(config), config, streams);
    const layer = new Convolution(store, inner, size, config, streams);
    const taps = config.discretisation === 'dss' ? cutFrom(size.length, kernel.taps) : kernel.taps;
    const recurrence = (t: Tape) => layer.recurrence((D) => kernel.recurrence(t, D, size.length));
    return {
      anyRate: true,
      forward: (t, x, context) => layer.forward(t, x, context, (length) => taps(t, length)),
      kernel: taps,
      ...(config.bidirectional ? {} : { recurrence }),
    };
  },
};
export default s4d;

/** The first taps of the kernel of L steps: a row-normalised one must not depend on how far a batch is padded. */
const cutFrom =
  (L: number, taps: DiagonalKernel['taps']): DiagonalKernel['taps'] =>
  (t, length) => {
    if (length > L)
      throw new RangeError(
        `the kernel is normalised over ${L} steps, not ${length}: build the model with length ${length}`,
      );
    return length === L ? taps(t, L) : t.scope(() => slice(t, taps(t, L), { axis: 2, start: 0, length }));
  };

export interface DiagonalKernel {
  parameters: S4dParameters;
  /** (rows, H, length) of any length. */
  taps(t: Tape, length: number): Tensor;
  /** The convolution with these taps and the skip D (rows, H), step by step. `length` matters to `dss` alone. */
  recurrence(t: Tape, D: Tensor | null, length: number): Promise<Recurrence>;
}

/** Registers the parameters of `rows` kernels for each of H channels. */
export function diagonalKernel(
  store: StoreView,
  H: number,
  rows: number,
  config: Omit<S4dConfig, keyof ConvolutionConfig>,
  streams: Streams,
): DiagonalKernel {
  const { states: N, dtMin, dtMax, lr, discretisation: disc } = config;
  const M = N / 2;
  const S = stateCopies(config.copies, H);
  const stream = streams.get('init');
  const start = () => diagonal(config.init, N);
  const invDt = store.add('inv_dt', () => logSteps(stream, H, dtMin, dtMax), [H, 1], kernelHints(lr.dt));
  const C = store.add('C', () => complexNormals(stream, rows * H * M), [rows, H, M, 2]);
  const B = store.add('B', () => tile(asPairs(start().B), S), [1, S, M, 2], kernelHints(lr.B));
  const aReal = store.add('A_real', () => tile(start().aReal, S), [S, M], kernelHints(lr.A));
  const aImag = store.add('A_imag', () => tile(start().aImag, S), [S, M], kernelHints(lr.A));
  const parameters = { invDt, aReal, aImag, B, C };
  return {
    parameters,
    taps: (t, length) => s4dKernel(t, parameters, { length, disc }),
    recurrence: async (t, D, length) => stateSpaceRecurrence(t, await s4dModes(parameters, disc, length), D),
  };
}
