/**
 * Attention by heads, whatever the form: maps to queries, keys and values (`q_proj`, `k_proj`, `v_proj`), the form
 * itself per head, dropout, and the map back (`out_proj`). All maps have a bias.
 */

import { dropout } from '../../kernels/ops/dropout/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { Mixer, MixerContext, MixerSize } from '../mixer.ts';
import { type Options, orNull, whole } from '../options.ts';
import type { StoreView } from '../parameters.ts';
import { Linear } from './linear.ts';
import { pipe } from './pipe.ts';

export interface HeadsConfig {
  heads: number;
  /** Width of queries, keys and values over all heads; null: the model's. */
  inner: number | null;
}

export const headsOptions: Options<HeadsConfig> = { heads: whole(1), inner: orNull(whole(1)) };

/** Of (B, L, h, d) each to (B, L, h, d). */
export type Attend = (t: Tape, q: Tensor, k: Tensor, v: Tensor, context: MixerContext) => Tensor;

/** Width over all heads; throws when the heads do not divide it. */
export function innerWidth({ heads, inner: own }: HeadsConfig, width: number): number {
  const inner = own ?? width;
  if (inner % heads !== 0)
    throw new RangeError(`width ${inner} is not a multiple of ${heads} heads: set heads to one of its divisors`);
  return inner;
}

export function attentionHeads(
  store: StoreView,
  size: MixerSize,
  config: HeadsConfig,
  streams: Streams,
  attend: Attend,
): Mixer {
  const { width, dropout: p, tiedDropout } = size;
  const { heads } = config;
  const inner = innerWidth(config, width);
  const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((id) => new Linear(store.at(id), width, inner, streams));
  const out = new Linear(store.at('out_proj'), inner, width, streams);
  return {
    forward(t, x, context) {
      const [batch, length] = x.shape;
      const split = [batch, length, heads, inner / heads];
      return pipe(t, x, [
        (h) => {
          const [qs, ks, vs] = [q, k, v].map((map) => t.reshape(map.forward(t, h), split));
          return attend(t, qs, ks, vs, context);
        },
        (o) => t.reshape(o, [batch, length, inner]),
        (o) => dropout(t, o, { p, tied: tiedDropout ? [1] : [] }),
        (o) => out.forward(t, o),
      ]);
    },
  };
}
