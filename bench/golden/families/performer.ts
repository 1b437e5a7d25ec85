/** Golden family `performer`: softmax and ReLU features of a given projection, causal or not. */
import type { Device } from '../../../kernels/device/device.ts';
import { permute } from '../../../kernels/ops/permute/op.ts';
import { performerAttention } from '../../../models/mixers/performer.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, off, requireConfig } from '../graph.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    B: anything,
    heads: anything,
    L: anything,
    S: anything,
    d: anything,
    d_v: anything,
    features: anything,
    causal: anything,
    kernel: ['softmax', 'relu', null],
    eps: anything,
    causal_eps: anything,
    padding: off,
    grad_of: ['y', null],
    f32_max_rel_dev: anything,
  });
  const { config } = c;
  const causal = Boolean(config.causal);
  using g = new CaseGraph(c, device);
  const { t } = g;
  const [q, k, v] = ['q', 'k', 'v'].map((name) => permute(t, g.operand(name), [0, 2, 1, 3]));
  const o = performerAttention(t, q, k, v, g.operand('projection'), {
    causal,
    kernel: config.kernel ?? 'softmax',
    keyMaximum: 'sequence',
    eps: config.eps ?? null,
    keyEps: config.causal_eps ?? (causal ? 1e-6 : 0),
  }).o;
  const y = permute(t, o, [0, 2, 1, 3]);
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: device.implementation('kernel-attention') };
}
