/**
 * Softmax attention in tiles (FlashAttention, Dao et al. 2022, arXiv 2205.14135, section 3.1; FlashAttention-2,
 * Dao 2023, arXiv 2307.08691): same operands, masks and values as `attention`, but no matrix is stored; memory is
 * O(B h (Sq + Sk) d). The backward pass computes P again from q, k and lse.
 *
 *   forward, for each tile of keys: m' = max(m, rowmax S), P = exp(S - m'), l = e^(m-m') l + rowsum P,
 *   a = e^(m-m') a + P V; at the end o = a / l, lse = m + log l
 *   backward: P = exp(S - lse), delta = rowsum(dO o), dV = P^T dO, dS = P (dO V^T - delta + dlse),
 *   dQ = scale dS K, dK = scale dS^T Q
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type AttentionAttrs,
  type AttentionOptions,
  type AttentionSizes,
  attentionCases,
  attentionCost,
  attentionSizes,
} from '../attention/op.ts';
import { defineOp, type Pass } from '../op.ts';

/** Tiles; backward: keys, values and their gradients of a group of keys, and dQ once a group. */
export function tileWorkspace({ B, Sq, Sk, h, d }: AttentionSizes, pass: Pass, threads: number): number {
  const row = 2 * d + 16;
  if (pass === 'forward') return 4 * threads * (256 * row + 56 * (row + 16) + Sk + 4096);
  const groups = Math.max(1, Math.min(8, Math.ceil(16 / (B * h)), Math.floor(Sk / 768)));
  const keys = Math.ceil(Sk / groups) + 56;
  const shared = groups > 1 ? groups * B * h * Sq * d : 0;
  return 4 * (shared + threads * (2 * keys * (row + 1) + 240 * row + 64 * d + 8192));
}

const flashAttentionOp = defineOp<AttentionAttrs>({
  id: 'flash-attention',
  inputs: [{ name: 'q' }, { name: 'k' }, { name: 'v' }, { name: 'lengths', dtype: 'i32', optional: true }],
  outputs: [{ name: 'o' }, { name: 'lse' }],
  infer(shapes) {
    const { B, Sq, h, d } = attentionSizes('flash-attention', shapes);
    return [
      [B, Sq, h, d],
      [B, h, Sq],
    ];
  },
  saves: () => ({ inputs: [0, 1, 2, 3], outputs: [0, 1] }),
  /** causal, scale */
  pack: ({ causal, scale }) => [causal ? 1 : 0, scale],
  cost: attentionCost,
  workspace: (shapes, _, pass, threads) => tileWorkspace(attentionSizes('flash-attention', shapes), pass, threads),
  cases: attentionCases,
  tolerance: 5e-6,
});
export default flashAttentionOp;

export function flashAttention(t: Tape, q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}) {
  const { causal = false, keyLengths = null, scale = 1 / Math.sqrt(q.shape[3]) } = options;
  const [o, lse] = t.apply(flashAttentionOp, [q, k, v, keyLengths], { causal, scale });
  return { o, lse };
}
