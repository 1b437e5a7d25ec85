/**
 * Reformer: softmax attention of each step over the steps whose vectors fall into the same or a neighbouring bucket of a
 * hash, in several rounds of hashing.
 *
 *   x = u Wqk^T, v = u Wv^T       (B, L, h, d): queries and keys are the same vectors; no bias, as the public code
 *   lists = lsh-buckets(x, R)     sorted by round, bucket and step; R (d, rounds, n/2), the same for all heads
 *   o = lsh-attention(x, v)       chunks of m entries, each with the one before it; keys of unit length
 *   y = o Wo^T + bo               formulas in `kernels/ops/lsh-buckets` and `kernels/ops/lsh-attention`
 *
 * Kitaev, Kaiser and Levskaya 2020, arXiv 2001.04451, section 2 ("shared-QK", "chunked", "multi-round LSH attention").
 * n = 2 max(1, round(L / 2m)) buckets for the longest sequence L: about m entries each. The rotations are normal
 * numbers drawn once with the parameters ("we first fix a random matrix R") and kept with them; the public code
 * (lucidrains/reformer-pytorch, and trax before it) draws them again at every pass, takes n from each input's own
 * length and asks for a multiple of 2m steps. Reversible layers and chunked feed-forwards, which save memory and change
 * no value, are not part of the mixer.
 *
 * Not causal, even with `causal: true`. No step weighs a later one then, but which steps share its chunk depends on how
 * many there are in the buckets before its own, later ones included. The public code has the same leak.
 */

import { dropout } from '../../kernels/ops/dropout/op.ts';
import { lshAttention } from '../../kernels/ops/lsh-attention/op.ts';
import { lshBuckets } from '../../kernels/ops/lsh-buckets/op.ts';
import { type HeadsConfig, headsOptions, innerWidth } from '../layers/heads.ts';
import { Linear } from '../layers/linear.ts';
import { pipe } from '../layers/pipe.ts';
import type { MixerDefinition } from '../mixer.ts';
import { flag, whole } from '../options.ts';

export interface ReformerConfig extends HeadsConfig {
  /** Later steps are hidden; see above. */
  causal: boolean;
  /** Entries m of a chunk. */
  chunk: number;
  rounds: number;
  /** Steps of another bucket are hidden, though they lie in the same chunks. */
  within: boolean;
}

/** Buckets of a round for sequences of up to `length` steps. */
export const bucketsFor = (length: number, chunk: number): number => 2 * Math.max(1, Math.round(length / (2 * chunk)));

const reformer: MixerDefinition<ReformerConfig> = {
  id: 'reformer',
  title: 'Reformer',
  paper: { title: 'Reformer: The Efficient Transformer', arxiv: '2001.04451', year: 2020 },
  kind: 'attention',
  complexity: { sequence: 'L log L + m L', step: null },
  golden: ['reformer'],
  systems: [
    {
      id: 'reformer',
      title: 'Reformer',
      speed: { published: 'Reformer' },
      published: ['Reformer'],
    },
  ],
  causal: () => false,
  defaults: { heads: 8, inner: null, causal: false, chunk: 64, rounds: 4, within: false },
  options: { ...headsOptions, causal: flag, chunk: whole(1), rounds: whole(1), within: flag },
  build(store, size, config, streams) {
    const { width, length: longest, dropout: p, tiedDropout } = size;
    const { heads, causal, chunk, rounds, within } = config;
    const inner = innerWidth(config, width);
    const d = inner / heads;
    const qk = new Linear(store.at('qk_proj'), width, inner, streams, { bias: false });
    const v = new Linear(store.at('v_proj'), width, inner, streams, { bias: false });
    const out = new Linear(store.at('out_proj'), inner, width, streams);
    const half = bucketsFor(longest, chunk) / 2;
    const rotations = store.addBuffer('rotations', () => streams.get('init').normals(d * rounds * half), [
      d,
      rounds,
      half,
    ]);
    return {
      forward(t, u, { lengths }) {
        const [batch, length] = u.shape;
        return pipe(t, u, [
          (h) => {
            const [x, vs] = [qk, v].map((map) => t.reshape(map.forward(t, h), [batch, length, heads, d]));
            const lists = lshBuckets(t, x, rotations, lengths);
            return lshAttention(t, x, vs, lists, { chunk, causal, within, lengths });
          },
          (o) => t.reshape(o, [batch, length, inner]),
          (o) => dropout(t, o, { p, tied: tiedDropout ? [1] : [] }),
          (o) => out.forward(t, o),
        ]);
      },
    };
  },
};
export default reformer;
