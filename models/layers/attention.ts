/** What the two forms of softmax attention share: projections, heads, masks. Formula: `mixers/attention.ts`. */
import type { attention } from '../../kernels/ops/attention/op.ts';
import { dropout } from '../../kernels/ops/dropout/op.ts';
import type { MixerDefinition, System } from '../mixer.ts';
import { Linear } from './linear.ts';
import { pipe } from './pipe.ts';

export interface AttentionConfig {
  heads: number;
  causal: boolean;
  /** Width of queries, keys and values over all heads; null: the model's. */
  inner: number | null;
}

export function defineAttention(
  id: string,
  title: string,
  op: typeof attention,
  paper: MixerDefinition['paper'],
  system: System,
): MixerDefinition<AttentionConfig> {
  return {
    id,
    title,
    paper,
    kind: 'attention',
    complexity: { sequence: 'L^2', step: null },
    golden: ['attention'],
    systems: [system],
    causal: ({ causal }) => causal,
    defaults: { heads: 8, causal: false, inner: null },
    build(store, size, { heads, causal, inner: own }, streams) {
      const { width, dropout: p, tiedDropout } = size;
      const inner = own ?? width;
      if (inner % heads !== 0)
        throw new RangeError(`width ${inner} is not a multiple of ${heads} heads: set heads to one of its divisors`);
      const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((id) => new Linear(store.at(id), width, inner, streams));
      const out = new Linear(store.at('out_proj'), inner, width, streams);
      return {
        forward(t, x, { lengths }) {
          const [batch, length] = x.shape;
          const split = [batch, length, heads, inner / heads];
          return pipe(t, x, [
            (h) => {
              const [qs, ks, vs] = [q, k, v].map((map) => t.reshape(map.forward(t, h), split));
              return op(t, qs, ks, vs, { causal, keyLengths: lengths ?? undefined }).o;
            },
            (o) => t.reshape(o, [batch, length, inner]),
            (o) => dropout(t, o, { p, tied: tiedDropout ? [1] : [] }),
            (o) => out.forward(t, o),
          ]);
        },
      };
    },
  };
}
