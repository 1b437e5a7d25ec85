/**
 * H3 ("hungry hungry hippos"): a shift state space on the keys and a diagonal one on the products of keys and values,
 * gated by queries: what associative recall needs, made of state spaces.
 *
 *   y = W_o (q (K_diag * (k' v)) + ...), k' = K_shift * k     `layers/h3.ts`, with heads of d channels
 *   K_shift[l] = sum_n B[n] C[n + l]                          0 <= l < N, a shift register of N places; per channel
 *   K_diag[l]  = 2 Re sum_n B_n C_n f_n Abar_n^l              per head, N/2 stored modes; zoh or bilinear as S4D
 *   A_n = -exp(inv_A_real_n) + i A_imag_n
 *
 * Fu, Dao et al. 2022, arXiv 2212.14052, section 3.1 and Algorithm 1. Starts: shift B = e_1 and C ~ U(+-1/sqrt N), a
 * plain filter of N taps; diagonal A = -1/2 + i pi n (S4D-Lin, without the 1e-4 that S4D's code has for n = 0), C
 * complex N(0, 1), B = 1, log dt uniform. The public code multiplies C by B once when it is made and B comes again in
 * the kernel: at the start B is 1, so nothing changes. Its rate (`lr`, no weight decay) is that of B, dt and A: C is
 * trained as the rest of the network, as in the code.
 *
 * Causal: both state spaces run forwards, and all products are of the same step.
 *
 * In recurrent form the state is the last N - 1 keys and, for every pair of channels of a head, N/2 complex modes.
 */

import { concat } from '../../kernels/ops/concat/op.ts';
import { discretisations, type S4dParameters, s4dKernel } from '../../kernels/ops/s4d-kernel/op.ts';
import { shortConv } from '../../kernels/ops/short-conv/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import { scale } from '../../kernels/ops/unary/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { H3Layer, type H3Layout, h3Options } from '../layers/h3.ts';
import type { MixerDefinition, Recurrence } from '../mixer.ts';
import { even, oneOf, orNull, rate, whole } from '../options.ts';
import { complexNormals, kernelHints, logSteps, stepOptions } from '../state-space/initial.ts';
import { stateSpaceRecurrence } from '../state-space/recurrence.ts';
import { s4dModes } from '../state-space/s4d-modes.ts';

export interface H3Config extends H3Layout {
  /** State size N of both state spaces, even. */
  states: number;
  discretisation: 'zoh' | 'bilinear' | 'dss';
  /** Number S of diagonal state matrices, a divisor of the number of heads; null: one per head. */
  copies: number | null;
  /** Longest kernel; null: as long as the sequence. */
  taps: number | null;
  dtMin: number;
  dtMax: number;
  /** Learning rate of B, dt and A; null: the run's. */
  lr: number | null;
}

const h3: MixerDefinition<H3Config> = {
  id: 'h3',
  title: 'H3',
  paper: {
    title: 'Hungry Hungry Hippos: Towards Language Modeling with State Space Models',
    arxiv: '2212.14052',
    year: 2022,
  },
  kind: 'state space',
  complexity: { sequence: 'd L log L + N L', step: 'd N' },
  golden: ['h3', 'fftconv'],
  systems: [
    {
      id: 'h3',
      title: 'H3',
      speed: { published: null },
      published: [
        'H3',
        'Pure H3',
        'filter: H3',
        'H3 hybrid',
        'H3 hybrid (2 attn)',
        'H3 (hybrid)',
        'Hybrid H3',
        'H3 hybrid 1.3B',
        'H3 hybrid over Transformer',
        'Transformer and H3',
      ],
    },
  ],
  causal: () => true,
  defaults: {
    headDim: 1,
    layout: 'module',
    states: 64,
    discretisation: 'bilinear',
    copies: null,
    taps: null,
    dtMin: 0.001,
    dtMax: 0.1,
    lr: 0.001,
  },
  options: {
    ...h3Options,
    ...stepOptions,
    states: even,
    discretisation: oneOf(...discretisations),
    copies: orNull(whole(1)),
    taps: orNull(whole(1)),
    lr: rate,
  },
  build(store, size, config, streams) {
    const { width: D } = size;
    const { states: N, discretisation: disc, dtMin, dtMax, taps } = config;
    const layer = new H3Layer(store, D, config, streams, 'ssm_k_D');
    const H = layer.heads;
    const S = config.copies ?? H;
    if (!(S >= 1) || H % S !== 0)
      throw new RangeError(`${S} state matrices cannot be shared by ${H} heads: copies must be a divisor of them`);
    const M = N / 2;
    const stream = streams.get('init');
    const hints = kernelHints(config.lr);
    const shift = store.at('ssm_k_kernel.kernel');
    const first = () => Float64Array.from({ length: D * N }, (_, i) => (i % N === 0 ? 1 : 0));
    const shiftB = shift.add('B', first, [D, N], hints);
    const bound = 1 / Math.sqrt(N);
    const shiftC = shift.add('C', () => stream.uniforms(D * N, -bound, bound), [1, D, N]);
    const diagonal = store.at('kernel.kernel');
    const modes = (f: (n: number) => number) => () => Float64Array.from({ length: S * M }, (_, i) => f(i % M));
    const C = diagonal.add('C', () => complexNormals(stream, H * M), [1, H, M, 2]);
    const logDt = diagonal.add('log_dt', () => logSteps(stream, H, dtMin, dtMax), [H], hints);
    const ones = () => Float64Array.from({ length: 2 * S * M }, (_, i) => 1 - (i % 2));
    const B = diagonal.add('B', ones, [S, M, 2], hints);
    const aReal = diagonal.add(
      'inv_A_real',
      modes(() => Math.log(0.5)),
      [S, M],
      hints,
    );
    const aImag = diagonal.add(
      'A_imag',
      modes((n) => Math.PI * n),
      [S, M],
      hints,
    );

    /** (1, D, min(N, length)): all lags of B against C, the shift kernel. */
    const shiftKernel = (t: Tape, length: number): Tensor =>
      t.scope(() => {
        const padded =
          N === 1 ? shiftC : concat(t, [shiftC, t.tensor(new Float64Array(D * (N - 1)), [1, D, N - 1])], 2);
        const lags = shortConv(t, padded, shiftB, null);
        return slice(t, lags, { axis: 2, start: N - 1, length: Math.min(N, length) });
      });
    /** As S4D stores them; its A is -exp(aReal) - i aImag. */
    const modesOf = (t: Tape): S4dParameters => ({
      invDt: t.reshape(logDt, [H, 1]),
      aReal,
      aImag: scale(t, aImag, -1),
      B: t.reshape(B, [1, S, M, 2]),
      C,
    });
    /** (1, H, length). */
    const diagonalKernel = (t: Tape, length: number): Tensor =>
      t.scope(() => s4dKernel(t, modesOf(t), { length, disc }));
    const recurrence = async (t: Tape): Promise<Recurrence> => {
      const core = stateSpaceRecurrence(
        t,
        await s4dModes(modesOf(t), disc, size.length),
        t.reshape(layer.headSkip, [1, H]),
      );
      return layer.recurrence(t, shiftKernel(t, N), core);
    };
    return {
      forward: (t, x, context) =>
        layer.forward(t, x, context, (L) => {
          const length = Math.min(L, taps ?? L);
          return { keys: shiftKernel(t, length), heads: diagonalKernel(t, length) };
        }),
      kernel: (t, length) => diagonalKernel(t, Math.min(length, taps ?? length)),
      // A kernel that is cut off is no state space.
      ...(taps === null ? { recurrence } : {}),
    };
  },
};
export default h3;
