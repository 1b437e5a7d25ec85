/**
 * BiGS: two state spaces, one along time and one against it, multiplied and gated; no attention, no sum over pairs.
 *
 *   v = GELU(W_v z), (L, I)    f = GELU(W_f z)    r = GELU(W_r z)                z (L, H), the block's norm
 *   y = W_o(GELU(W_u((W_1 S(f)) * (W_2 S'(r)))) * v)                             all maps have a bias
 *   S (f)[t] = sum_{s <= t} K [t-s] f[s] + D  f[t],     S'(r)[t] = sum_{s >= t} K'[s-t] r[s] + D' r[t]
 *   K[l] = Re sum_n C_n (e^{x_n} - 1)/A_n e^{x_n l},  x = e^{log_step} A,  A = min(A_re, -1e-4) + i A_im
 *
 * Wang, Yan, Gu and Rush 2022, arXiv 2212.10544, equations 4 to 9. Paper: I = 4H, N = 64. Start: A_re = -1/2, A_im = pi n,
 * C ~ complex N(0, 1), D ~ N(0, 1), e^{log_step} log-uniform in [0.01, 1]; dense maps N(0, 0.02), biases 0.
 *
 * The paper says S4D; the public code has one kernel and one skip for all channels of a direction, and neither conjugate
 * modes nor the factor 2. It reverses the sequence, applies a causal S' and reverses again: here the convolution looks
 * ahead, which is the same and, in a padded batch, does not see the padding. One kernel for all channels makes a batch
 * of B sequences of H channels one of B H sequences of one channel: its spectrum is computed once. Not causal.
 */

import { mul } from '../../kernels/ops/binary/op.ts';
import { concat } from '../../kernels/ops/concat/op.ts';
import { dssKernel } from '../../kernels/ops/dss-kernel/op.ts';
import { type ConvForm, convForms, fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { maskTime } from '../../kernels/ops/mask-time/op.ts';
import { linear, matmul } from '../../kernels/ops/matmul/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { gelu } from '../../kernels/ops/unary/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { anticausalConv } from '../layers/anticausal.ts';
import { pipe } from '../layers/pipe.ts';
import type { MixerContext, MixerDefinition } from '../mixer.ts';
import { notNegative, oneOf, orNull, whole } from '../options.ts';
import { complexNormals, kernelHints, logSteps, stepOptions } from '../state-space/initial.ts';

export interface BigsConfig {
  /** Modes N of each direction. */
  states: number;
  /** Width I of the gate; null: 4H. */
  inner: number | null;
  dtMin: number;
  dtMax: number;
  /** Standard deviation that the dense maps start from. */
  deviation: number;
  form: ConvForm;
}

/** W_v, W_f, W_r, W_1, W_2, W_u, W_o, as the public code calls them. */
const mapNames = ['dv', 'du_forward', 'du_backward', 'duc_forward', 'duc_backward', 'dol', 'do'] as const;

interface DenseMap {
  weight: Tensor;
  bias: Tensor;
}
/** One direction's state space: D (1), C (N, 2), logStep (1), re and im (N). */
interface StateSpace {
  D: Tensor;
  C: Tensor;
  logStep: Tensor;
  re: Tensor;
  im: Tensor;
}
/** A layer's tensors. */
interface Parameters {
  forward: StateSpace;
  backward: StateSpace;
  maps: Record<(typeof mapNames)[number], DenseMap>;
}

/** K (1, 1, length). */
function taps(t: Tape, { C, logStep, re, im }: StateSpace, length: number): Tensor {
  const W = t.reshape(C, [1, 1, ...C.shape]);
  return dssKernel(
    t,
    { logStep, re, im, W },
    { length, span: null, scaling: 'zoh', real: 'plain', imag: 'plain', ceiling: -1e-4, epsilon: 1e-300 },
  );
}

/** The layer without its outer norm and residual: z (B, L, H) to (B, L, H). */
function layer(
  t: Tape,
  z: Tensor,
  { forward, backward, maps }: Parameters,
  form: ConvForm,
  { lengths }: MixerContext,
): Tensor {
  const [B, L, H] = z.shape;
  const dense = (x: Tensor, { weight, bias }: DenseMap) => linear(t, x, weight, bias);
  const conv = (u: Tensor, system: StateSpace) => {
    const rows = t.reshape(u, [B * H, 1, L]);
    const k = taps(t, system, L);
    const D = t.reshape(system.D, [1, 1]);
    const y =
      system === forward ? fftConv(t, rows, k, D, { sides: 'causal', form }) : anticausalConv(t, rows, k, D, form);
    return t.reshape(y, [B, H, L]);
  };
  const direction = (system: StateSpace, before: DenseMap, after: DenseMap) =>
    pipe(t, z, [
      (x) => dense(x, before),
      (x) => gelu(t, x),
      (x) => (lengths ? maskTime(t, x, lengths) : x),
      (x) => permute(t, x, [0, 2, 1]),
      (x) => conv(x, system),
      (x) => matmul(t, x, after.weight, { transA: true, transB: true, bias: after.bias }),
    ]);
  return pipe(t, z, [
    () => direction(forward, maps.du_forward, maps.duc_forward),
    (f) => mul(t, f, direction(backward, maps.du_backward, maps.duc_backward)),
    (x) => dense(x, maps.dol),
    (x) => gelu(t, x),
    (x) =>
      mul(
        t,
        x,
        t.scope(() => gelu(t, dense(z, maps.dv))),
      ),
    (x) => dense(x, maps.do),
  ]);
}

const bigs: MixerDefinition<BigsConfig> = {
  id: 'bigs',
  title: 'BiGS',
  paper: { title: 'Pretraining Without Attention', arxiv: '2212.10544', year: 2022 },
  kind: 'state space',
  complexity: { sequence: 'L log L', step: null },
  golden: ['bigs'],
  systems: [
    {
      id: 'bigs',
      title: 'BiGS',
      speed: { published: null },
      feedForward: () => null,
      lra: (width) => ({ inner: 2 * width }),
      published: ['BiGS', 'BiGS (length 128)'],
    },
  ],
  causal: () => false,
  defaults: { states: 64, inner: null, dtMin: 0.01, dtMax: 1, deviation: 0.02, form: 'fused' },
  options: {
    ...stepOptions,
    states: whole(1),
    inner: orNull(whole(1)),
    deviation: notNegative,
    form: oneOf(...convForms),
  },
  build(store, { width: H }, { states: N, inner, dtMin, dtMax, deviation, form }, streams) {
    const I = inner ?? 4 * H;
    const stream = streams.get('init');
    const system = (name: string): StateSpace => {
      const own = store.at(name);
      const D = own.add('D', () => stream.normals(1), [1]);
      const kernel = own.at('kernel');
      const hints = kernelHints(null);
      return {
        D,
        C: kernel.add('C', () => complexNormals(stream, N), [N, 2]),
        logStep: kernel.add('log_step', () => logSteps(stream, 1, dtMin, dtMax), [1], hints),
        re: kernel.add('A_re', () => new Float64Array(N).fill(-0.5), [N], hints),
        im: kernel.add('A_im', () => Float64Array.from({ length: N }, (_, n) => Math.PI * n), [N], hints),
      };
    };
    const [forward, backward] = [system('fs4'), system('bs4')];
    const widths: Record<string, [number, number]> = { dv: [H, I], dol: [H, I], do: [I, H] };
    const maps = Object.fromEntries(
      mapNames.map((name) => {
        const [inputs, outputs] = widths[name] ?? [H, H];
        const weight = store.add(`${name}.weight`, () => stream.normals(outputs * inputs, deviation), [
          outputs,
          inputs,
        ]);
        return [name, { weight, bias: store.add(`${name}.bias`, () => new Float64Array(outputs), [outputs]) }];
      }),
    ) as Parameters['maps'];
    const p = { forward, backward, maps };
    return {
      forward: (t, x, context) => layer(t, x, p, form, context),
      kernel: (t, length) => concat(t, [taps(t, forward, length), taps(t, backward, length)], 0),
    };
  },
};
export default bigs;
