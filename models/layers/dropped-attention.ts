/**
 * Softmax attention that drops probabilities in training, as the Transformers of the papers do:
 *
 *   o = dropout(softmax(q k^T / sqrt d)) v      q, k, v, o (B, L, h, d); probabilities (B, h, L, L)
 *
 * Each probability of its own is 0 with the chance p, and the others are divided by 1 - p. With p = 0, and in evaluation,
 * it is `attention` to the bit. In training the matrix is read from that op, whose own product with v is not used.
 */
import { type AttentionOptions, attention } from '../../kernels/ops/attention/op.ts';
import { dropout } from '../../kernels/ops/dropout/op.ts';
import { matmul } from '../../kernels/ops/matmul/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';

export function droppedAttention(
  t: Tape,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  { p, ...options }: AttentionOptions & { p: number },
): Tensor {
  if (p === 0 || !t.training) return attention(t, q, k, v, options).o;
  return t.scope(() => {
    const { P } = attention(t, q, k, v, options);
    const values = permute(t, v, [0, 2, 1, 3]);
    return permute(t, matmul(t, dropout(t, P, { p }), values), [0, 2, 1, 3]);
  });
}
