/**
 * Golden family `reformer`: attention over hashed chunks with given rotations; bucket numbers must be equal. The
 * authors take one head at a time: (B, L, d).
 */
import type { Device } from '../../../kernels/device/device.ts';
import { lshAttention } from '../../../kernels/ops/lsh-attention/op.ts';
import { lshBuckets } from '../../../kernels/ops/lsh-buckets/op.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';
import { anything, CaseGraph, off, requireConfig } from '../graph.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    B: anything,
    L: anything,
    d: anything,
    bucket_size: anything,
    n_buckets: anything,
    n_hashes: anything,
    causal: anything,
    attend_across_buckets: anything,
    allow_duplicate_attention: [true, null],
    rehash_each_round: [true, null],
    dropout: off,
    scale: anything,
    grad_of: ['y', null],
    f32_max_rel_dev: anything,
  });
  const { bucket_size, n_buckets, n_hashes, causal, attend_across_buckets, scale } = c.config;
  const [, rounds, half] = c.get('rotations').shape;
  if ((n_hashes ?? rounds) !== rounds || (n_buckets ?? 2 * half) !== 2 * half)
    throw new UnsupportedCase(
      `${c.case}: rotations for ${rounds} rounds of ${2 * half} buckets do not fit its options`,
    );
  using g = new CaseGraph(c, device);
  const { t } = g;
  const [B, L, d] = c.get('qk').shape;
  const [x, v] = ['qk', 'v'].map((name) => t.reshape(g.operand(name), [B, L, 1, d]));
  const list = lshBuckets(t, x, g.operand('rotations'));
  const o = lshAttention(t, x, v, list, {
    chunk: bucket_size,
    causal: Boolean(causal),
    within: !(attend_across_buckets ?? true),
    scale: scale ?? undefined,
  });
  const y = t.reshape(o, [B, L, d]);
  const computed = new Map<string, ArrayLike<number>>([
    ['y', await y.read()],
    ['buckets', await list.buckets.read()],
  ]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: device.implementation('lsh-attention') };
}
