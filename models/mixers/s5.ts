/**
 * S5: one state space of many inputs and outputs, run by a scan.
 *
 *   x_t = Abar x_{t-1} + Bbar u_t,   y_t = 2 Re(C x_t) + D u_t        u_t in R^H, x_t in C^P', Abar diagonal
 *   zoh       Abar = exp(delta lambda),                          Bbar = (exp(delta lambda) - 1)/lambda B
 *   bilinear  Abar = (1 + delta lambda/2)/(1 - delta lambda/2),  Bbar = delta/(1 - delta lambda/2) B
 *   a = dropout(GELU(y)),  out = a sigmoid(a W2 + b2)                 `half_glu1`; the others in `layers/s5.ts`
 *
 * Smith, Warrington and Linderman 2022, arXiv 2208.04933, equations 3 to 6 and section 4. The step delta is per state.
 * P' = P/2 states are stored for P when they are conjugate pairs (`conjugate`); without, P' = P and the factor is 1.
 * Two-sided: a second scan runs backwards over the same Bbar u, its own step included, so that lag 0 counts twice (once
 * through each C); then y = 2 Re([C1 C2] [x; x']) and the layer is not causal.
 *
 * Stored: seq.Lambda_re, seq.Lambda_im (P'), seq.B (P', H, 2), seq.C (H, P', 2) or, two-sided, seq.C (H, 2P', 2) for
 * `complex_normal` and seq.C1, seq.C2 for the other starts, seq.D (H), seq.log_step (P', 1), out2.kernel (H, H) as
 * (in, out), out2.bias (H): the names of the public code (lindermanlab/S5).
 *
 * Start: HiPPO-LegS's normal part in J blocks of P/J (`state-space/block-start.ts`); B = V^H B0 with B0 (P, H) of
 * LeCun's normal values of fan-in P; C = C0 V with C0 complex and of fan-in H P (`lecun_normal`) or P
 * (`trunc_standard_normal`: its name and comment say a truncated standard normal, the code draws LeCun rows), or C of
 * complex N(0, 1) (`complex_normal`); D ~ N(0, 1); log delta uniform in [log dtMin, log dtMax]; W of fan-in H, b = 0.
 *
 * GELU is the tanh form, JAX's default (up to 4.7e-4 from the exact one). In the paper's runs the norms share the small
 * learning rate of the state space; here they have the run's own.
 */

import { dropout } from '../../kernels/ops/dropout/op.ts';
import { maskTime } from '../../kernels/ops/mask-time/op.ts';
import { discretisations, type S5Parameters, s5System } from '../../kernels/ops/s5-system/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { type Dense, type Gate, gates, s5Gate, s5Output, s5Sequence, s5States } from '../layers/s5.ts';
import type { MixerDefinition, Recurrence } from '../mixer.ts';
import { flag, oneOf, positive, rate, whole } from '../options.ts';
import type { ParameterHints, StoreView } from '../parameters.ts';
import { blockStart } from '../state-space/block-start.ts';
import { complexNormals, logSteps, stepOptions } from '../state-space/initial.ts';
import { lecunNormals } from '../state-space/lecun.ts';

export const outputStarts = ['lecun_normal', 'trunc_standard_normal', 'complex_normal'] as const;

/** Which of B and C decay, and at which rate they learn; the names of the public code's options. */
export const decays = ['standard', 'BandCdecay', 'BfastandCdecay', 'noBCdecay'] as const;

export interface S5Config {
  /** State size P (of the whole system, pairs counted as two). */
  states: number;
  /** Blocks J of the start. */
  blocks: number;
  discretisation: (typeof discretisations)[number];
  conjugate: boolean;
  bidirectional: boolean;
  start: (typeof outputStarts)[number];
  activation: Gate;
  gelu: 'tanh' | 'exact';
  /** Holds Re lambda at -1e-4 or below. */
  clip: boolean;
  /** Factor of every step: another sampling rate than the one trained on. */
  rescale: number;
  dtMin: number;
  dtMax: number;
  /** Learning rate of the state space; null: the run's own. */
  lr: number | null;
  decay: (typeof decays)[number];
  /** Whether log_step learns as the rest of the network, with its weight decay. */
  dtGlobal: boolean;
}

/** What the optimiser does with each parameter of the state space. */
function hintsOf({ lr, decay, dtGlobal }: S5Config): Record<'lambda' | 'step' | 'B' | 'C', ParameterHints> {
  const slow: ParameterHints = lr === null ? {} : { lr };
  const still: ParameterHints = { ...slow, weightDecay: 0 };
  return {
    lambda: still,
    step: dtGlobal ? {} : still,
    B: decay === 'BandCdecay' ? slow : decay === 'BfastandCdecay' ? {} : still,
    C: decay === 'noBCdecay' ? still : {},
  };
}

const s5: MixerDefinition<S5Config> = {
  id: 's5',
  title: 'S5',
  paper: { title: 'Simplified State Space Layers for Sequence Modeling', arxiv: '2208.04933', year: 2022 },
  kind: 'state space',
  complexity: { sequence: 'P H L', step: 'P H' },
  golden: ['s5'],
  systems: [
    { id: 's5', title: 'S5', speed: { published: null }, published: ['S5', 'S5 (ICLR 2023)', 'S5 (first version)'] },
  ],
  causal: ({ bidirectional }) => !bidirectional,
  defaults: {
    states: 64,
    blocks: 4,
    discretisation: 'zoh',
    conjugate: true,
    bidirectional: false,
    start: 'lecun_normal',
    activation: 'half_glu1',
    gelu: 'tanh',
    clip: false,
    rescale: 1,
    dtMin: 0.001,
    dtMax: 0.1,
    lr: 0.001,
    decay: 'standard',
    dtGlobal: false,
  },
  options: {
    ...stepOptions,
    states: whole(1),
    blocks: whole(1),
    discretisation: oneOf(...discretisations),
    conjugate: flag,
    bidirectional: flag,
    start: oneOf(...outputStarts),
    activation: oneOf(...gates),
    gelu: oneOf('tanh', 'exact'),
    clip: flag,
    rescale: positive,
    lr: rate,
    decay: oneOf(...decays),
    dtGlobal: flag,
  },
  build(store, { width: H, dropout: p, tiedDropout }, config, streams) {
    const { states: P, conjugate, bidirectional, dtMin, dtMax, activation } = config;
    const start = blockStart(P, config.blocks, conjugate);
    const S = start.modes;
    const sides = bidirectional ? 2 : 1;
    const stream = streams.get('init');
    const hints = hintsOf(config);
    const seq = store.at('seq');

    const projected = () => {
      const fanIn = config.start === 'lecun_normal' ? H * P : P;
      return start.outOf(lecunNormals(stream, 2 * H * P, fanIn), H);
    };
    const readout = (): Pick<S5Parameters, 'C' | 'C2'> => {
      if (config.start === 'complex_normal')
        return { C: seq.add('C', () => complexNormals(stream, H * sides * S), [H, sides * S, 2], hints.C) };
      const C = seq.add(bidirectional ? 'C1' : 'C', projected, [H, S, 2], hints.C);
      return bidirectional ? { C, C2: seq.add('C2', projected, [H, S, 2], hints.C) } : { C };
    };
    const parameters: S5Parameters & { D: Tensor } = {
      lambdaRe: seq.add('Lambda_re', () => start.lambdaRe, [S], hints.lambda),
      lambdaIm: seq.add('Lambda_im', () => start.lambdaIm, [S], hints.lambda),
      B: seq.add('B', () => start.into(lecunNormals(stream, P * H, P), H), [S, H, 2], hints.B),
      ...readout(),
      D: seq.add('D', () => stream.normals(H), [H], config.decay === 'noBCdecay' ? hints.C : {}),
      logStep: seq.add('log_step', () => logSteps(stream, S, dtMin, dtMax), [S, 1], hints.step),
    };
    const denseMap = (at: StoreView): Dense => ({
      kernel: at.add('kernel', () => lecunNormals(stream, H * H, H), [H, H]),
      bias: at.add('bias', () => new Float64Array(H), [H]),
    });
    const out1 = activation === 'full_glu' ? denseMap(store.at('out1')) : null;
    const out2 = activation === 'gelu' ? null : denseMap(store.at('out2'));

    const attrs = {
      disc: config.discretisation,
      conjugate,
      clip: config.clip,
      rescale: config.rescale,
      sides,
    } as const;
    const gate = (t: Tape, y: Tensor): Tensor =>
      s5Gate(t, y, {
        ...{ gate: activation, gelu: config.gelu, out1, out2 },
        drop: (x) => dropout(t, x, { p, tied: tiedDropout ? [1] : [] }),
      });
    const recurrence = async (t: Tape): Promise<Recurrence> => {
      const system = s5System(t, parameters, attrs);
      return {
        start: (batch) => [t.tensor(new Float64Array(batch * 2 * S), [batch, 2 * S])],
        advance(at, x, [before]) {
          const [y, after] = at.scope(() => {
            const states = s5States(at, x, system, { start: before });
            const last = slice(at, states, { axis: 1, start: x.shape[1] - 1, length: 1 });
            const out = gate(at, s5Output(at, states, x, system, parameters.D));
            return [out, at.reshape(last, [x.shape[0], 2 * S])];
          });
          return { y, state: [after] };
        },
      };
    };
    return {
      forward(t, x, { lengths }) {
        return t.scope(() => {
          const u = lengths ? maskTime(t, x, lengths) : x;
          const y = s5Sequence(t, u, parameters, attrs);
          return gate(t, y);
        });
      },
      ...(bidirectional ? {} : { recurrence }),
    };
  },
};
export default s5;
