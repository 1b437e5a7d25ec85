/** Golden family `s4`: DPLR kernels, their recurrence (host numerics), and whole S4 blocks, DPLR and diagonal. */
import type { Device } from '../../../kernels/device/device.ts';
import { pair } from '../../../kernels/numerics/complex.ts';
import { recurrentKernel, refoldAll, type StoredS4, stateSpace } from '../../../kernels/numerics/s4-fold.ts';
import { fftConv } from '../../../kernels/ops/fft-conv/op.ts';
import { s4Kernel } from '../../../kernels/ops/s4-kernel/op.ts';
import { discretisations, s4dKernel } from '../../../kernels/ops/s4d-kernel/op.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, off, requireConfig } from '../graph.ts';
import { activate, channelMap, innerActivation } from '../layers.ts';
import { transformKeys, translated } from '../transforms.ts';

const sizes = Object.fromEntries(
  ['B', 'H', 'N', 'L', 'l_max', 'init', 'rank', 'channels', 'n_ssm', 'grad_of', 'f32_max_rel_dev'].map((key) => [
    key,
    anything,
  ]),
);

/** Length of the fold: l_max, doubled until it covers the request as the reference's module does. */
function internalLength(c: GoldenCase, length: number): number {
  let internal: number = c.config.l_max || length;
  while (internal < length) internal *= 2;
  return internal;
}

/** The kernel (channels, H, length) from parameters under `prefix`; `C` names the coefficient. */
function kernel(g: CaseGraph, prefix: string, C: string, length: number): Tensor {
  const at = (name: string) => g.operand(prefix + name);
  const common = { invDt: at('inv_dt'), aReal: at('A_real'), aImag: at('A_imag'), B: at('B'), C: at(C) };
  const { disc } = g.c.config;
  if (!g.c.has(`${prefix}P`)) return s4dKernel(g.t, common, { length, disc: disc ?? 'zoh' });
  return s4Kernel(g.t, { ...common, P: at('P') }, { length, internalLength: internalLength(g.c, length) });
}

/** K_recurrent: the kernel step by step, from the case's C before the fold, which our fold must undo. */
function recurrent(c: GoldenCase): Float64Array {
  const { shape, data: C } = c.get('C_param');
  const [channels, H, M] = shape;
  const [rank, S] = c.get('P').shape;
  const [invDt, aReal, aImag, P] = ['inv_dt', 'A_real', 'A_imag', 'P'].map(
    (name) => translated(c, c.get(name))?.values ?? c.get(name).data,
  );
  const stored: StoredS4 = { H, S, M, rank, invDt, aReal, aImag, P };
  const unfolded = refoldAll(stored, C, internalLength(c, c.get('K').shape.at(-1) as number), 'unfold');
  const B = c.get('B').data;
  const L = c.get('K_recurrent').shape.at(-1) as number;
  const K = new Float64Array(channels * H * L);
  for (let i = 0; i < channels * H; i++) {
    const h = i % H;
    const row = (data: ArrayLike<number>, index: number) =>
      Array.from({ length: M }, (_, n) => pair(data, index * M + n));
    K.set(recurrentKernel(stateSpace(stored, h), row(B, h % S), row(unfolded, i), L), i * L);
  }
  return K;
}

async function kernelCase(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...sizes,
    ...transformKeys,
    disc: c.has('P') ? ['bilinear', null] : [...discretisations, null],
    mode: ['dplr', 'diag', null],
    recurrent_vs_fft_relerr: anything,
  });
  using g = new CaseGraph(c, device);
  const K = kernel(g, '', c.has('C_param') ? 'C_param' : 'C', c.get('K').shape.at(-1) as number);
  const computed = new Map<string, ArrayLike<number>>([['K', await K.read()]]);
  if (c.has('K_recurrent')) computed.set('K_recurrent', recurrent(c));
  for (const [name, grad] of await g.gradients(K)) computed.set(name, grad);
  return { computed, implementation: device.implementation('s4-kernel') };
}

/** y = act(W GELU(K * u + D u) + b) on (B, H, L). */
async function block(c: GoldenCase, device: Device): Promise<GoldenResult> {
  const diagonal = !c.has('layer.kernel.P');
  requireConfig(c, {
    ...sizes,
    ...transformKeys,
    mode: ['dplr', 'diag', null],
    disc: diagonal ? [...discretisations, null] : ['bilinear', null],
    final_act: anything,
    activation: anything,
    bidirectional: [true, false, null],
    dropout: off,
    tie_dropout: anything,
    gate: off,
    bottleneck: off,
    mult_act: off,
    transposed: [true],
  });
  using g = new CaseGraph(c, device);
  const { t } = g;
  const u = g.operand('u');
  const L = u.shape[2];
  const K = kernel(g, 'layer.kernel.', 'C', Math.min(L, c.config.l_max || L));
  const sides = c.config.bidirectional ? 'lag-1' : 'causal';
  const conv = activate(t, fftConv(t, u, K, g.optional('layer.D'), { sides }), innerActivation(c));
  const wrapped = c.has('output_linear.0.weight') ? 'output_linear.0.' : 'output_linear.';
  const y = channelMap(t, conv, g.operand(`${wrapped}weight`), g.optional(`${wrapped}bias`), c.config.final_act);
  const computed = new Map<string, ArrayLike<number>>([
    ['kernel', await K.read()],
    ['y', await y.read()],
  ]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: device.implementation(diagonal ? 's4d-kernel' : 's4-kernel') };
}

export const run = (c: GoldenCase, device: Device): Promise<GoldenResult> =>
  c.has('u') ? block(c, device) : kernelCase(c, device);
