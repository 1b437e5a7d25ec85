/** What attention by features shares: projections, heads, and the recurrent form, whose state is a sum over keys. */
import { dropout } from '../../kernels/ops/dropout/op.ts';
import { sizeOf } from '../../kernels/ops/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { Mixer, MixerSize, Recurrence } from '../mixer.ts';
import type { StoreView } from '../parameters.ts';
import type { HeadsConfig } from './heads.ts';
import { Linear } from './linear.ts';
import { pipe } from './pipe.ts';

export interface FeatureAttentionConfig extends HeadsConfig {
  causal: boolean;
}

export interface Maps {
  q: Linear;
  k: Linear;
  v: Linear;
  out: Linear;
}

/** o (B, L, h, d) of q, k, v (B, L, h, d), and the sums over keys (B, h, d + 1, features), from `start` on. */
export type FeatureAttention = (
  t: Tape,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  context: { lengths: Tensor | null; start: Tensor | null },
) => { o: Tensor; state: Tensor };

/** Registers the four dense maps under `names` (query, key, value, output). */
export function maps(
  store: StoreView,
  size: MixerSize,
  inner: number,
  streams: Streams,
  names: readonly [string, string, string, string],
  bias = true,
): Maps {
  const [q, k, v] = names.slice(0, 3).map((id) => new Linear(store.at(id), size.width, inner, streams, { bias }));
  return { q, k, v, out: new Linear(store.at(names[3]), inner, size.width, streams) };
}

/** The mixer y = (attention of the projected x) Wo^T + bo. `features`: their number; null: it has no recurrent form. */
export function featureAttentionMixer(
  { dropout: p, tiedDropout }: MixerSize,
  { heads }: FeatureAttentionConfig,
  { q, k, v, out }: Maps,
  features: number | null,
  attention: FeatureAttention,
): Mixer {
  const inner = q.weight.shape[0];
  const project = (t: Tape, x: Tensor) => {
    const split = [...x.shape.slice(0, 2), heads, inner / heads];
    return [q, k, v].map((map) => t.reshape(map.forward(t, x), split));
  };
  const join = (t: Tape, o: Tensor) => t.reshape(o, [o.shape[0], o.shape[1], inner]);
  const mixer: Mixer = {
    forward: (t, x, { lengths }) =>
      pipe(t, x, [
        (h) => {
          const [qs, ks, vs] = project(t, h);
          return join(t, attention(t, qs, ks, vs, { lengths: lengths ?? null, start: null }).o);
        },
        (o) => dropout(t, o, { p, tied: tiedDropout ? [1] : [] }),
        (o) => out.forward(t, o),
      ]),
  };
  if (features === null) return mixer;
  const recurrence = async (t: Tape): Promise<Recurrence> => ({
    start(batch) {
      const shape = [batch, heads, inner / heads + 1, features];
      return [t.tensor(new Float64Array(sizeOf(shape)), shape)];
    },
    advance(step, x, [start]) {
      const [y, state] = step.scope(() => {
        const [qs, ks, vs] = project(step, x);
        const { o, state } = attention(step, qs, ks, vs, { lengths: null, start });
        return [out.forward(step, join(step, o)), state];
      });
      return { y, state: [state] };
    },
  });
  return { ...mixer, recurrence };
}
