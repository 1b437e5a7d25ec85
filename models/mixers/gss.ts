/**
 * GSS: a state space of a reduced width, whose output gates a wide one.
 *
 *   v = GELU(W_u z), (L, F)      r = LN(GELU(W_v z)), (L, E)         z (L, H), the block's norm; E below H, F above it
 *   s[h,t] = sum_l K[h,l] r[h,t-l] + D[h] r[h,t]
 *   K[h,l] = Re sum_n C[h,n] (e^{Lambda_n} - 1)/Lambda_n e^{Lambda_n l},   Lambda_n = -e^{Lambda_real} + i e^{Lambda_imag}
 *   y = W_o((W_g s) * v) + b_o                                              of all maps W_o alone has a bias
 *
 * Mehta, Gupta, Cutkosky and Neyshabur 2022, arXiv 2206.13947, figure 1b and section 3.2: DSS's `exp` with the step 1,
 * N complex modes shared by all channels, no conjugates. Paper: E = H/4, F = 4H, N = 512. Start: Lambda_real, Lambda_imag,
 * C and D ~ N(0, 1).
 *
 * The authors published pseudo-code only; the public re-implementation, which is followed here, has the second norm
 * inside the state space branch as that pseudo-code does. Options of that code: `imagExp: false` stores the imaginary
 * part itself; `reverse` lets time run backwards (W_o((W_g s) * v) of the reversed sequence, reversed): only the
 * convolution sees time, so it then looks ahead instead of back. Causal, unless `reverse`.
 */

import { mul } from '../../kernels/ops/binary/op.ts';
import { concat } from '../../kernels/ops/concat/op.ts';
import { type DssAttrs, type DssParameters, dssKernel } from '../../kernels/ops/dss-kernel/op.ts';
import { type ConvForm, convForms, fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { layerNorm } from '../../kernels/ops/layer-norm/op.ts';
import { maskTime } from '../../kernels/ops/mask-time/op.ts';
import { linear, matmul } from '../../kernels/ops/matmul/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { gelu } from '../../kernels/ops/unary/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { anticausalConv } from '../layers/anticausal.ts';
import { Linear } from '../layers/linear.ts';
import { pipe } from '../layers/pipe.ts';
import type { MixerContext, MixerDefinition } from '../mixer.ts';
import { flag, oneOf, orNull, positive, whole } from '../options.ts';
import { dssModes } from '../state-space/dss-modes.ts';
import { stateSpaceRecurrence } from '../state-space/recurrence.ts';

export interface GssConfig {
  /** Modes N. */
  states: number;
  /** Width F of the gate; null: 4H. */
  gate: number | null;
  /** Width E of the state space; null: H/4. */
  reduced: number | null;
  /** Im Lambda = exp(Lambda_imag), not Lambda_imag. */
  imagExp: boolean;
  reverse: boolean;
  /** Of the inner norm. */
  epsilon: number;
  form: ConvForm;
}

/** A layer's tensors. */
interface Parameters {
  /** W_u (F, H), W_v (E, H), W_g (F, E), W_o (H, F), b_o (H). */
  u: Tensor;
  v: Tensor;
  gate: Tensor;
  out: Tensor;
  outBias: Tensor;
  /** Of the norm inside the state space branch, (E). */
  norm: { weight: Tensor; bias: Tensor; eps: number };
  /** (N). */
  lambda: { re: Tensor; im: Tensor };
  /** (E, N). */
  C: { re: Tensor; im: Tensor };
  /** (E). */
  D: Tensor;
}

/** Operands and options of the kernel's op. */
function modes(t: Tape, { lambda, C }: Parameters, length: number, imagExp: boolean): [DssParameters, DssAttrs] {
  const [E, N] = C.re.shape;
  const part = (x: Tensor) => t.reshape(x, [1, E, N, 1]);
  const W = concat(t, [part(C.re), part(C.im)], 3);
  const attrs: DssAttrs = {
    length,
    span: null,
    scaling: 'zoh',
    real: 'negative-exp',
    imag: imagExp ? 'exp' : 'plain',
    ceiling: null,
    epsilon: 1e-300,
  };
  return [{ logStep: null, re: lambda.re, im: lambda.im, W }, attrs];
}

/** K (1, E, length). */
const taps = (t: Tape, p: Parameters, length: number, imagExp: boolean): Tensor =>
  dssKernel(t, ...modes(t, p, length, imagExp));

const branch = (t: Tape, z: Tensor, { v, norm }: Parameters): Tensor =>
  pipe(t, z, [
    (x) => linear(t, x, v),
    (x) => gelu(t, x),
    (x) => layerNorm(t, x, norm.weight, norm.bias, { eps: norm.eps }),
  ]);

/** (W_g s) * GELU(W_u z), mapped to the width: s (B, L, E) or, `transposed`, (B, E, L). */
const gated = (t: Tape, z: Tensor, s: Tensor, p: Parameters, transposed: boolean): Tensor =>
  pipe(t, s, [
    (x) => matmul(t, x, p.gate, { transA: transposed, transB: true }),
    (x) =>
      mul(
        t,
        x,
        t.scope(() => gelu(t, linear(t, z, p.u))),
      ),
    (x) => linear(t, x, p.out, p.outBias),
  ]);

/** The layer without its outer norm and residual: z (B, L, H) to (B, L, H). */
function layer(t: Tape, z: Tensor, p: Parameters, config: GssConfig, { lengths }: MixerContext): Tensor {
  const { reverse, form, imagExp } = config;
  const E = p.D.shape[0];
  const conv = (u: Tensor) => {
    const k = taps(t, p, u.shape[2], imagExp);
    const D = t.reshape(p.D, [1, E]);
    return reverse ? anticausalConv(t, u, k, D, form) : fftConv(t, u, k, D, { sides: 'causal', form });
  };
  return pipe(t, z, [
    (x) => branch(t, x, p),
    (r) => (lengths ? maskTime(t, r, lengths) : r),
    (r) => permute(t, r, [0, 2, 1]),
    conv,
    (s) => gated(t, z, s, p, true),
  ]);
}

const gss: MixerDefinition<GssConfig> = {
  id: 'gss',
  title: 'GSS',
  paper: { title: 'Long Range Language Modeling via Gated State Spaces', arxiv: '2206.13947', year: 2022 },
  kind: 'state space',
  complexity: { sequence: 'L log L + N L', step: 'N' },
  golden: ['gss'],
  systems: [
    {
      id: 'gss',
      title: 'GSS',
      speed: { published: null },
      feedForward: () => null,
      published: ['GSS', 'Gated State Spaces (GSS)'],
    },
  ],
  causal: ({ reverse }) => !reverse,
  defaults: { states: 512, gate: null, reduced: null, imagExp: true, reverse: false, epsilon: 1e-5, form: 'fused' },
  options: {
    states: whole(1),
    gate: orNull(whole(1)),
    reduced: orNull(whole(1)),
    imagExp: flag,
    reverse: flag,
    epsilon: positive,
    form: oneOf(...convForms),
  },
  build(store, { width: H, length: L }, config, streams) {
    const { states: N, imagExp, reverse } = config;
    const E = config.reduced ?? Math.max(1, Math.floor(H / 4));
    const F = config.gate ?? 4 * H;
    const stream = streams.get('init');
    const normal = (...shape: number[]) => [() => stream.normals(shape.reduce((a, b) => a * b)), shape] as const;
    const constant = (x: number) => [() => new Float64Array(E).fill(x), [E]] as const;
    const core = store.at('dss');
    const map = (name: string, inputs: number, outputs: number) =>
      new Linear(store.at(name), inputs, outputs, streams, { bias: false }).weight;
    const [u, v] = [map('to_u.0', H, F), map('to_v.0', H, E)];
    const [weight, bias] = [core.add('norm.weight', ...constant(1)), core.add('norm.bias', ...constant(0))];
    const norm = { weight, bias, eps: config.epsilon };
    const lambda = { re: core.add('Lambda_real', ...normal(N)), im: core.add('Lambda_imag', ...normal(N)) };
    const C = { re: core.add('C_real', ...normal(E, N)), im: core.add('C_imag', ...normal(E, N)) };
    const D = core.add('param_D', ...normal(E));
    const gate = map('to_gate', E, F);
    const out = new Linear(store.at('to_out'), F, H, streams);
    const p: Parameters = { u, v, norm, lambda, C, D, gate, out: out.weight, outBias: out.bias as Tensor };
    const recurrence = async (t: Tape) => {
      const system = await dssModes(...modes(t, p, L, imagExp), t.device.real);
      const { start, advance } = stateSpaceRecurrence(t, system, t.reshape(D, [1, E]));
      return {
        start,
        advance(step: Tape, z: Tensor, state: readonly Tensor[]) {
          const [y, ...next] = step.scope(() => {
            const s = advance(step, branch(step, z, p), state);
            return [gated(step, z, s.y, p, false), ...s.state];
          });
          return { y, state: next };
        },
      };
    };
    return {
      forward: (t, x, context) => layer(t, x, p, config, context),
      kernel: (t, length) => taps(t, p, length, imagExp),
      ...(reverse ? {} : { recurrence }),
    };
  },
};
export default gss;
