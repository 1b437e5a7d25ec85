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
 *   P, B    (1, S, N/2, 2)     of HiPPO-LegS, `state-space/legs.ts`
 *   C       (C, H, N/2, 2)     complex N(0, 1), stored folded: C~ = C (I - Abar^L), `state-space/fold.ts`
 *   layer.D (C, H)             N(0, 1)
 *
 * Training moves C~ and the rest independently; C~ is not folded again (as in the public code). The step, A, B
 * and P may have their own learning rates and have no weight decay; C and D are ordinary parameters.
 */
import { s4Kernel } from '../../kernels/ops/s4-kernel/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import { Convolution, type ConvolutionConfig, kernelChannels } from '../layers/convolution.ts';
import type { MixerDefinition } from '../mixer.ts';
import { foldLegs } from '../state-space/fold.ts';
import {
  asPairs,
  complexNormals,
  diagonal,
  type KernelRates,
  kernelHints,
  logSteps,
  stateCopies,
  stateSpaceDefaults,
  tile,
} from '../state-space/initial.ts';
import { legsStart } from '../state-space/legs.ts';

export interface S4Config extends ConvolutionConfig {
  /** State size N, even. */
  states: number;
  /** Number S of state matrices, a divisor of H; null: one per channel. */
  copies: number | null;
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
  ],
  causal: ({ bidirectional }) => !bidirectional,
  defaults: stateSpaceDefaults,
  build(store, size, config, streams) {
    const { width: H, length: L } = size;
    const { states: N, dtMin, dtMax, lr } = config;
    const M = N / 2;
    const S = stateCopies(config.copies, H);
    const rows = kernelChannels(config);
    const stream = streams.get('init');
    const inner = store.at('layer');
    const kernel = inner.at('kernel');
    let steps: Float64Array | undefined;
    const invDt = kernel.add('inv_dt', () => (steps = logSteps(stream, H, dtMin, dtMax)), [H, 1], kernelHints(lr.dt));
    const foldedC = () => {
      const C = complexNormals(stream, rows * H * M);
      foldLegs(C, (steps as Float64Array).map(Math.exp), legsStart(N), L);
      return C;
    };
    const C = kernel.add('C', foldedC, [rows, H, M, 2]);
    const start = () => diagonal('legs', N);
    const B = kernel.add('B', () => tile(asPairs(start().B), S), [1, S, M, 2], kernelHints(lr.B));
    const aReal = kernel.add('A_real', () => tile(start().aReal, S), [S, M], kernelHints(lr.A));
    const aImag = kernel.add('A_imag', () => tile(start().aImag, S), [S, M], kernelHints(lr.A));
    const P = kernel.add('P', () => tile(asPairs(legsStart(N).P), S), [1, S, M, 2], kernelHints(lr.A));
    const layer = new Convolution(store, inner, size, config, streams);
    const taps = (t: Tape, length: number) =>
      s4Kernel(t, { invDt, aReal, aImag, P, B, C }, { length, internalLength: L });
    return {
      forward: (t, x, context) => layer.forward(t, x, context, (length) => taps(t, length)),
      kernel: taps,
    };
  },
};
export default s4;
