/**
 * The same function as `attention`, computed by tiles with an online softmax: memory grows with L, not L^2.
 *
 * Dao et al. 2022, arXiv 2205.14135, Algorithm 1. Exact: it differs from `attention` by rounding only, and the
 * parameters have the same names, so that a checkpoint of one runs in the other. Causal with `causal`, as there; it
 * drops no probabilities.
 */
import { flashAttention } from '../../kernels/ops/flash-attention/op.ts';
import { defineAttention } from '../layers/attention.ts';

export default defineAttention(
  'flash-attention',
  'FlashAttention',
  (t, q, k, v, options) => flashAttention(t, q, k, v, options).o,
  { defaults: {}, options: {} },
  {
    title: 'FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness',
    arxiv: '2205.14135',
    year: 2022,
  },
  {
    id: 'flash-transformer',
    title: 'FlashAttention',
    speed: { published: 'FlashAttention' },
    published: ['FlashAttention', 'Transformer with FlashAttention'],
  },
);
