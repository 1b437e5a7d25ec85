/** Golden family `linear-attention`: the features elu + 1, causal or not, keys of another number, padded keys. */
import type { Device } from '../../../kernels/device/device.ts';
import { kernelAttention } from '../../../kernels/ops/kernel-attention/op.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    B: anything,
    L: anything,
    S: anything,
    heads: anything,
    d: anything,
    d_v: anything,
    causal: anything,
    feature_map: ['elu+1', null],
    eps: anything,
    padding: anything,
    grad_of: ['y', null],
    f32_max_rel_dev: anything,
  });
  using g = new CaseGraph(c, device);
  const { o } = kernelAttention(g.t, g.operand('q'), g.operand('k'), g.operand('v'), {
    causal: Boolean(c.config.causal),
    map: 'elu+1',
    eps: c.config.eps ?? 1e-6,
    keyLengths: g.optional('key_lengths') ?? g.optional('lengths'),
  });
  const computed = new Map<string, ArrayLike<number>>([['y', await o.read()]]);
  for (const [name, grad] of await g.gradients(o)) computed.set(name, grad);
  return { computed, implementation: device.implementation('kernel-attention') };
}
