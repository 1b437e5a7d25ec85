/**
 * Liquid-S4: a state space whose transition the input moves, or the parts of it that are convolutions.
 *
 *   exact  x_t = (abar + bbar u_t) x_{t-1} + bbar u_t,  y_t = 2 Re sum_n C_n x_t[n] + D u_t          mode by mode
 *   kb     y = sum_{p=1..P} K_p * u^(p) + D u           K_p[l] = 2 Re sum_n C_n bbar_n^p abar_n^l
 *   pb     y = K_1 * u + sum_{p=2..P} c_p u^(p) + D u   c_p = 2 Re sum_n C_n bbar_n^p                `layers/liquid.ts`
 *   out = GLU(W dropout(GELU(y)) + b)                                                            `layers/convolution.ts`
 *
 * with u^(p)_t = u_t u_{t-1} .. u_{t-p+1} and abar, bbar the discrete modes of S4D (`s4d.ts`: same parameters, names and
 * starts). Hasani, Lechner, Wang, Chahine, Amini and Rus 2022, arXiv 2209.12951, equations 5 to 10; the paper's results
 * are those of `pb`. Causal in every form. `kernel` is K_1, the response to a small input.
 *
 * Here the state matrix is diagonal, where the paper has S4's with its low-rank term, and each form is the formula above.
 * The public code computes something else: its `pb` term is reversed in time, Re(sum_n C_n dB_n) u^(p)[L-1-t], which
 * sees the future; it takes powers as dB sum(dB) instead of element by element; it ignores the low-rank part; and its
 * coefficient uses S4's folded C.
 */

import type { DiagonalKind } from '../../kernels/numerics/hippo.ts';
import { diagonalKinds } from '../../kernels/numerics/hippo.ts';
import type { ConvForm } from '../../kernels/ops/fft-conv/op.ts';
import { mostDegree } from '../../kernels/ops/lagged-polynomial/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import { Convolution } from '../layers/convolution.ts';
import { exactRecurrence, forms, liquidConvolution, liquidExact, truncatedRecurrence } from '../layers/liquid.ts';
import type { MixerDefinition } from '../mixer.ts';
import { oneOf, whole } from '../options.ts';
import { type KernelRates, stateSpaceDefaults, stateSpaceOptions } from '../state-space/initial.ts';
import { diagonalKernel } from './s4d.ts';

export interface LiquidConfig {
  /** Which of the three. */
  liquid: (typeof forms)[number];
  /** Highest degree P of `kb` and `pb`. */
  degree: number;
  /** State size N, even. */
  states: number;
  /** Number S of state matrices, a divisor of H; null: one per channel. */
  copies: number | null;
  init: DiagonalKind;
  discretisation: 'zoh' | 'bilinear';
  dtMin: number;
  dtMax: number;
  lr: KernelRates;
  activation: 'gelu' | 'gelu-tanh' | 'none';
  output: 'glu' | 'linear' | 'none';
  /** How the convolutions are computed. */
  form: ConvForm;
}

const { channels: _, bidirectional: __, ...shared } = stateSpaceDefaults;
const { channels: _c, bidirectional: _b, ...sharedOptions } = stateSpaceOptions;

const liquidS4: MixerDefinition<LiquidConfig> = {
  id: 'liquid-s4',
  title: 'Liquid-S4',
  paper: { title: 'Liquid Structural State-Space Models', arxiv: '2209.12951', year: 2022 },
  kind: 'state space',
  complexity: { sequence: 'L log L + N L', step: 'N' },
  golden: ['liquid-s4'],
  systems: [
    {
      id: 'liquid-s4',
      title: 'Liquid-S4',
      speed: { published: null },
      published: ['Liquid-S4', 'Liquid-S4 (PB kernel)'],
      cases: /_pb/,
    },
    { id: 'liquid-s4-kb', title: 'Liquid-S4 KB', config: { liquid: 'kb' }, cases: /_kb/ },
    { id: 'liquid-s4-exact', title: 'Liquid-S4 exact', config: { liquid: 'exact' }, cases: /_exact/ },
  ],
  causal: () => true,
  defaults: { ...shared, liquid: 'pb', degree: 2, init: 'legs', discretisation: 'zoh' },
  options: {
    ...sharedOptions,
    liquid: oneOf(...forms),
    degree: whole(1, mostDegree),
    init: oneOf(...diagonalKinds),
    discretisation: oneOf('zoh', 'bilinear'),
  },
  build(store, size, config, streams) {
    const { liquid: which, degree, form, discretisation: disc } = config;
    const inner = store.at('layer');
    const kernel = diagonalKernel(inner.at('kernel'), size.width, 1, config, streams);
    const whole = { ...config, channels: 1, bidirectional: false };
    const layer = new Convolution(store, inner, size, whole, streams);
    const { parameters } = kernel;
    return {
      forward: (t, x, context) =>
        which === 'exact'
          ? layer.along(t, x, context, (u, D) => liquidExact(t, u, parameters, D, { disc, degree }))
          : layer.around(t, x, context, (u, D) =>
              liquidConvolution(t, u, parameters, D, { which, disc, degree, form }),
            ),
      kernel: kernel.taps,
      recurrence: (t: Tape) =>
        layer.recurrence(async (D) =>
          which === 'exact'
            ? exactRecurrence(t, parameters, D, { disc, degree })
            : truncatedRecurrence(t, parameters, D, { which, disc, degree }),
        ),
    };
  },
};
export default liquidS4;
