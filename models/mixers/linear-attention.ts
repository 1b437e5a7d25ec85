/**
 * Linear attention: the softmax's kernel replaced by a product of features, so that sums over keys come first.
 *
 *   q, k, v = x Wq^T + bq, x Wk^T + bk, x Wv^T + bv      (B, L, H), seen as (B, L, h, d), H = h d
 *   phi(x) = elu(x) + 1                                  x + 1 for x > 0, e^x otherwise; no 1/sqrt d
 *   o_i = S_i phi(q_i) / (z_i . phi(q_i) + 1e-6)         S_i = sum_j v_j phi(k_j)^T, z_i = sum_j phi(k_j)
 *   y = o Wo^T + bo
 *
 * The sums run over all keys, or over j <= i when causal; padded keys are left out. Katharopoulos et al. 2020,
 * arXiv 2006.16236, equations 5, 7 and 9 to 12. Initial values: every map U(-1/sqrt(in), 1/sqrt(in)). Parameters are
 * named as in the authors' code (idiap/fast-transformers, `AttentionLayer`), which adds the 1e-6 that the paper does
 * not have. Theirs walks the causal form step by step; here chunks of steps are matrix products
 * (`kernel-attention`). O(L d^2) in time, memory of the order of the operands.
 *
 * Recurrent form (section 3.4 of the paper): the state is S and z, of (d + 1) d numbers a head.
 */

import { kernelAttention } from '../../kernels/ops/kernel-attention/op.ts';
import { type FeatureAttentionConfig, featureAttentionMixer, maps } from '../layers/feature-attention.ts';
import { headsOptions, innerWidth } from '../layers/heads.ts';
import type { MixerDefinition } from '../mixer.ts';
import { flag, notNegative } from '../options.ts';

export interface LinearAttentionConfig extends FeatureAttentionConfig {
  /** Added to the norm. */
  eps: number;
}

const linearAttention: MixerDefinition<LinearAttentionConfig> = {
  id: 'linear-attention',
  title: 'Linear Attention',
  paper: {
    title: 'Transformers are RNNs: Fast Autoregressive Transformers with Linear Attention',
    arxiv: '2006.16236',
    year: 2020,
  },
  kind: 'attention',
  complexity: { sequence: 'L d', step: 'd' },
  golden: ['linear-attention'],
  systems: [
    {
      id: 'linear-attention',
      title: 'Linear Attention',
      speed: { published: 'Linear Attention' },
      published: ['Linear Attention'],
    },
  ],
  causal: ({ causal }) => causal,
  defaults: { heads: 8, causal: false, inner: null, eps: 1e-6 },
  options: { ...headsOptions, causal: flag, eps: notNegative },
  build(store, size, config, streams) {
    const { heads, causal, eps } = config;
    const inner = innerWidth(config, size.width);
    const names = ['query_projection', 'key_projection', 'value_projection', 'out_projection'] as const;
    const features = causal ? inner / heads : null;
    return featureAttentionMixer(size, config, maps(store, size, inner, streams, names), features, (t, q, k, v, c) =>
      kernelAttention(t, q, k, v, { causal, map: 'elu+1', eps, keyLengths: c.lengths, start: c.start }),
    );
  },
};
export default linearAttention;
