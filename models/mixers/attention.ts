/**
 * Multi-head softmax attention: the baseline that every long-sequence paper compares with.
 *
 *   q, k, v = x Wq^T + bq, x Wk^T + bk, x Wv^T + bv      (B, L, H), seen as (B, L, h, d), H = h d
 *   o = softmax(q k^T / sqrt d) v                        per head; padded keys (and, if causal, later ones) masked
 *   y = o Wo^T + bo
 *
 * Vaswani et al. 2017, arXiv 1706.03762, equation 1. All four maps have a bias; the key bias has no effect on
 * the output (softmax does not see a shift that is constant over keys). The scores and probabilities (B, h, L, L)
 * are materialised, as the standard implementations of the published comparisons do; `flash-attention` is the
 * same function without them. Causal with `causal` only: encoders, and the LRA baselines, see all of the sequence.
 * `attentionDropout` drops probabilities in training (`layers/dropped-attention.ts`), by default none.
 */
import { defineAttention } from '../layers/attention.ts';
import { droppedAttention } from '../layers/dropped-attention.ts';
import { probability } from '../options.ts';

export default defineAttention<{ attentionDropout: number }>(
  'attention',
  'Attention',
  (t, q, k, v, options, { attentionDropout: p }) => droppedAttention(t, q, k, v, { ...options, p }),
  { defaults: { attentionDropout: 0 }, options: { attentionDropout: probability } },
  { title: 'Attention Is All You Need', arxiv: '1706.03762', year: 2017 },
  {
    id: 'transformer',
    title: 'Transformer',
    speed: { published: 'Transformer' },
    published: ['Transformer', 'Attention'],
  },
);
