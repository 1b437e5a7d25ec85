/** Golden family `linformer`: the whole layer, of any length up to the projections'. */
import type { Device } from '../../../kernels/device/device.ts';
import { linear } from '../../../kernels/ops/matmul/op.ts';
import { linformerAttention } from '../../../models/mixers/linformer.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  const { heads, d_head, one_kv_head, share_kv } = c.config;
  requireConfig(c, {
    B: anything,
    L: anything,
    d_model: anything,
    n_max: anything,
    k: anything,
    heads: anything,
    d_head: anything,
    one_kv_head: anything,
    share_kv: anything,
    grad_of: ['y', null],
    f32_max_rel_dev: anything,
  });
  const inner = c.get('to_q.weight').shape[0];
  const count = heads ?? inner / d_head;
  const keyWidth = c.get('to_k.weight').shape[0];
  if (one_kv_head != null && keyWidth !== (one_kv_head ? inner / count : inner))
    throw new UnsupportedCase(`${c.case} says one_kv_head ${one_kv_head}, but to_k.weight has ${keyWidth} rows`);
  using g = new CaseGraph(c, device);
  const { t } = g;
  const shared = Boolean(share_kv);
  const weights = {
    q: g.operand('to_q.weight'),
    k: g.operand('to_k.weight'),
    v: shared ? null : g.operand('to_v.weight'),
    projK: g.operand('proj_k'),
    projV: shared ? null : g.operand('proj_v'),
  };
  const lengths = g.optional('lengths') ?? g.optional('key_lengths');
  const o = linformerAttention(t, g.operand('x'), weights, count, lengths);
  const y = linear(t, o, g.operand('to_out.weight'), g.optional('to_out.bias'));
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: device.implementation('flash-attention') };
}
