/**
 * Local attention: softmax attention within windows of w steps and their neighbours.
 *
 *   query i sees key j:   floor(i/w) - back <= floor(j/w) <= floor(i/w) + ahead      and j <= i if causal
 *   exact:                also -w ahead <= i - j <= w back: the same reach for every query
 *   o = softmax over those of (q k^T / sqrt d) v, per head; q, k, v and output maps as in `attention.ts`
 *   rotary:               q and k turn with their position (`kernels/ops/rotary`) before the scores
 *
 * Parmar et al. 2018, arXiv 1802.05751, section 3.3 (query blocks, each with its memory block). The public code
 * (lucidrains/local-attention) pads a length that is no multiple of w and, in the two-sided form, lets the padding take
 * part as keys of zeros; here no step outside the sequence ever does. A query whose keys are all padding gives zeros,
 * not the plain mean of its window. It turns queries that look ahead by as many steps more as it numbers keys after
 * their block, which makes the scores' distance i - j + w ahead; here it is i - j. Window sizes of the LRA rows are not
 * published: those here are a reconstruction. Causal with `causal` only, which `ahead: 0` alone is not: a window's first
 * steps would see its last.
 */

import { rotary } from '../../kernels/ops/rotary/op.ts';
import { sparseAttention } from '../../kernels/ops/sparse-attention/op.ts';
import { attentionHeads, type HeadsConfig, headsOptions } from '../layers/heads.ts';
import type { MixerDefinition } from '../mixer.ts';
import { flag, orNull, whole } from '../options.ts';

export interface LocalAttentionConfig extends HeadsConfig {
  causal: boolean;
  /** Steps w of a window. */
  window: number;
  /** Windows before and after the query's own; ahead null: none if causal, else 1. */
  back: number;
  ahead: number | null;
  exact: boolean;
  rotary: boolean;
}

const localAttention: MixerDefinition<LocalAttentionConfig> = {
  id: 'local-attention',
  title: 'Local Attention',
  paper: { title: 'Image Transformer', arxiv: '1802.05751', year: 2018 },
  kind: 'attention',
  complexity: { sequence: 'w L', step: null },
  golden: ['local-attention'],
  systems: [
    {
      id: 'local-attention',
      title: 'Local Attention',
      speed: { published: 'Local Attention' },
      published: ['Local Attention'],
    },
  ],
  causal: ({ causal }) => causal,
  defaults: {
    heads: 8,
    inner: null,
    causal: false,
    window: 64,
    back: 1,
    ahead: null,
    exact: false,
    rotary: false,
  },
  options: {
    ...headsOptions,
    causal: flag,
    window: whole(1),
    back: whole(0),
    ahead: orNull(whole(0)),
    exact: flag,
    rotary: flag,
  },
  build(store, size, config, streams) {
    const { causal, window, back, exact } = config;
    const ahead = config.ahead ?? (causal ? 0 : 1);
    const windows = { size: window, back, ahead, exact };
    return attentionHeads(store, size, config, streams, (t, q, k, v, { lengths }) => {
      const [qs, ks] = config.rotary ? [rotary(t, q), rotary(t, k)] : [q, k];
      return sparseAttention(t, qs, ks, v, { causal, windows, keyLengths: lengths }).o;
    });
  },
};
export default localAttention;
