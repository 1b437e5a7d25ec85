/** Golden family `block-sparse-attention`: softmax attention over the blocks that a given mask shows, per head. */
import type { Device } from '../../../kernels/device/device.ts';
import { sparseAttention } from '../../../kernels/ops/sparse-attention/op.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';
import { oneWidth } from '../head-width.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  const { block, causal, scale } = c.config;
  requireConfig(c, {
    B: anything,
    S: anything,
    Sq: anything,
    Sk: anything,
    heads: anything,
    d: anything,
    d_v: anything,
    block: anything,
    causal: anything,
    scale: anything,
    layout: ['BSHD', null],
    grad_of: ['o', null],
    f32_max_rel_dev: anything,
  });
  using g = new CaseGraph(c, device);
  const given = ['q', 'k', 'v'].map((name) => g.operand(name));
  const { operands, cut } = oneWidth(g.t, given);
  const [q, k, v] = operands;
  const { data, shape } = c.get('block_mask');
  const heads = q.shape[2];
  // One mask for all heads, or one each.
  const copies = shape.length === 2 || shape[0] === 1 ? heads : 1;
  const values = Array.from({ length: copies }, () => Array.from(data)).flat();
  const mask = g.t.tensor(values, [heads, ...shape.slice(-2)], 'i32');
  const { o: wide, lse } = sparseAttention(g.t, q, k, v, {
    blocks: { mask, block },
    causal: Boolean(causal),
    scale: scale ?? 1 / Math.sqrt(given[0].shape[3]),
    keyLengths: g.optional('lengths') ?? g.optional('key_lengths'),
  });
  const o = cut(wide);
  const computed = new Map<string, ArrayLike<number>>([
    ['o', await o.read()],
    ['lse', await lse.read()],
  ]);
  for (const [name, grad] of await g.gradients(o)) computed.set(name, grad);
  return { computed, implementation: device.implementation('sparse-attention') };
}
