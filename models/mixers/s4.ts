/**
 * S4: a long convolution whose kernel is the impulse response of a linear state space with a diagonal plus
 * low-rank (DPLR) state matrix.
 *
 *   A = diag(Lambda) - P P^H     N modes, stored as the N/2 with negative frequency; B, C vectors of modes
 *   k[l] = C Abar^l Bbar         bilinear discretisation with a step per channel
 *   y = GLU(W dropout(GELU(k * u + D u)) + b)        `layers/convolution.ts`
 *
 * Gu, Goel and Re 2022, arXiv 2111.00396, Algorithm 1; two-sided form from Goel et al. 2022, arXiv 2202.09729.
 *
 * Parameters (below `layer.kernel`; S state matrices are shared among the H channels, S = H by default; complex
 * numbers as pairs) and their start:
 *   inv_dt  (H, 1)             log of the step, uniform between log dtMin and log dtMax
 *   A_real, A_imag (S, N/2)    Lambda = -exp(A_real) - i A_imag; HiPPO-LegS: log 1/2 and the frequencies
 *   P, B    (R or 1, S, N/2, 2)     of HiPPO-LegS, `state-space/legs.ts`, R = 1
 *   C       (C, H, N/2, 2)     complex N(0, 1), stored folded: C~ = C (I - Abar^L), `state-space/fold.ts`
 *   layer.D (C, H)             N(0, 1)
 *
 * S4-FouT (`init: 'fourier'`, Gu, Johnson, Timalsina, Rudra and Re 2022, arXiv 2206.12037, section 3.3) starts from the
 * Fourier basis: Lambda = -1e-4 - i pi n, B = P = 1 (1/sqrt 2 at n = 0); frequency and decay 0 are raised to 1e-4, as
 * the public parameter transform does.
 *
 * Step by step: C is unfolded and the state moved along at O(N) a step, `state-space/dplr-modes.ts`. The kernel ends
 * after L steps, the recurrence does not. `extend` folds C for twice, four times ... L, for evaluation on longer inputs.
 *
 * Training moves C~ and the rest independently; C~ is not folded again (as in the public code). The step, A, B
 * and P may have their own learning rates and have no weight decay; C and D are ordinary parameters.
 *
 * Causal, as any state space that runs forwards; two-sided (`bidirectional`) a second kernel runs backwards.
 */

import { refoldAll } from '../../kernels/numerics/s4-fold.ts';
import { s4Kernel } from '../../kernels/ops/s4-kernel/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import { Convolution, type ConvolutionConfig, kernelChannels } from '../layers/convolution.ts';
import type { MixerDefinition } from '../mixer.ts';
import { oneOf, whole } from '../options.ts';
import { s4Modes, storedS4 } from '../state-space/dplr-modes.ts';
import { type DplrKind, dplr } from '../state-space/dplr-start.ts';
import {
  asPairs,
  complexNormals,
  type KernelRates,
  kernelHints,
  logSteps,
  stateCopies,
  stateSpaceDefaults,
  stateSpaceOptions,
  tile,
} from '../state-space/initial.ts';
import { stateSpaceRecurrence } from '../state-space/recurrence.ts';

export interface S4Config extends ConvolutionConfig {
  /** State size N, even. */
  states: number;
  /** Number S of state matrices, a divisor of H; null: one per channel. */
  copies: number | null;
  init: DplrKind;
  /** Rows R of P, at most 4. Those beyond the first start at 0, as in the public code, where their gradient is 0 too. */
  rank: number;
  dtMin: number;
  dtMax: number;
  lr: KernelRates;
}

const s4: MixerDefinition<S4Config> = {
  id: 's4',
  title: 'S4',
  paper: { title: 'Efficiently Modeling Long Sequences with Structured State Spaces', arxiv: '2111.00396', year: 2022 },
  kind: 'state space',
  complexity: { sequence: 'L log L + N L', step: 'N' },
  golden: ['s4', 'fftconv', 'hippo'],
  systems: [
    {
      id: 's4',
      title: 'S4',
      speed: { published: 'S4 + FlashConv' },
      published: ['S4', 'S4-LegS', 'S4-LegS (updated S4)', 'S4-v1 (original)', 'S4 + FlashConv', 'S4-(LegS/FouT)'],
    },
    {
      id: 's4-fout',
      title: 'S4-FouT',
      config: { init: 'fourier' },
      paper: {
        title: 'How to Train Your HiPPO: State Space Models with Generalized Orthogonal Basis Projections',
        arxiv: '2206.12037',
        year: 2022,
      },
      published: ['S4-FouT'],
      cases: /fourier/,
    },
  ],
  causal: ({ bidirectional }) => !bidirectional,
  defaults: { ...stateSpaceDefaults, init: 'legs', rank: 1 },
  options: { ...stateSpaceOptions, init: oneOf('legs', 'fourier'), rank: whole(1, 4) },
  build(store, size, config, streams) {
    const { width: H, length: L } = size;
    const { states: N, rank: R, dtMin, dtMax, lr } = config;
    const M = N / 2;
    const S = stateCopies(config.copies, H);
    const rows = kernelChannels(config);
    const stream = streams.get('init');
    const inner = store.at('layer');
    const kernel = inner.at('kernel');
    const start = () => dplr(config.init, N);
    let steps: Float64Array | undefined;
    const invDt = kernel.add('inv_dt', () => (steps = logSteps(stream, H, dtMin, dtMax)), [H, 1], kernelHints(lr.dt));
    const foldedC = () => {
      const C = complexNormals(stream, rows * H * M);
      start().fold(C, steps as Float64Array, L);
      return C;
    };
    const C = kernel.add('C', foldedC, [rows, H, M, 2]);
    const B = kernel.add('B', () => tile(asPairs(start().B), S), [1, S, M, 2], kernelHints(lr.B));
    const aReal = kernel.add('A_real', () => tile(start().aReal, S), [S, M], kernelHints(lr.A));
    const aImag = kernel.add('A_imag', () => tile(start().aImag, S), [S, M], kernelHints(lr.A));
    const low = () => {
      const rows = new Float64Array(R * S * M * 2);
      rows.set(tile(asPairs(start().P), S));
      return rows;
    };
    const P = kernel.add('P', low, [R, S, M, 2], kernelHints(lr.A));
    const parameters = { invDt, aReal, aImag, P, B, C };
    // The length that C is folded with.
    let internalLength = L;
    const layer = new Convolution(store, inner, size, config, streams);
    const taps = (t: Tape, length: number) => s4Kernel(t, parameters, { length, internalLength });
    const recurrence = (t: Tape) =>
      layer.recurrence(async (D) => stateSpaceRecurrence(t, await s4Modes(parameters, internalLength), D));
    return {
      anyRate: true,
      forward: (t, x, context) => layer.forward(t, x, context, (length) => taps(t, length)),
      kernel: taps,
      ...(config.bidirectional ? {} : { recurrence }),
      async extend(length) {
        if (length <= internalLength) return;
        const stored = await storedS4(parameters, H);
        let folded: ArrayLike<number> = await C.read();
        for (; internalLength < length; internalLength *= 2)
          folded = refoldAll(stored, folded, internalLength, 'extend');
        C.write(folded);
      },
    };
  },
};
export default s4;
