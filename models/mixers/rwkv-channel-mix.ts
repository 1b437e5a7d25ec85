/**
 * RWKV-4, the channel mix: its feed-forward block, with a gate and a look at the step before.
 *
 *   x_a = x_t m_a + x_{t-1} (1 - m_a),  a = k, r             x (B, T, C), zero before the start
 *   y = sigmoid(W_r x_r) W_v max(W_k x_k, 0)^2               W_k (4C, C), W_v (C, 4C), W_r (C, C), no biases
 *
 * Peng et al. 2023, arXiv 2305.13048, equations 17 and 18. Causal; the state of the recurrence is the last step.
 *
 * Initial values as in the public code of version 4 (`rwkv.ts`): m_k = m_r = (i / C)^(1 - l / n); W_k orthogonal times
 * sqrt(outputs / inputs) = 2; W_v and W_r zero.
 */

import { mul } from '../../kernels/ops/binary/op.ts';
import { linear } from '../../kernels/ops/matmul/op.ts';
import { relu, sigmoid, square } from '../../kernels/ops/unary/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { pipe } from '../layers/pipe.ts';
import { depth, lastStep, mapMaker, mixture, type RwkvStart, shiftedMap, startOptions } from '../layers/rwkv.ts';
import type { MixerDefinition } from '../mixer.ts';
import { orNull, whole } from '../options.ts';

export interface ChannelMixConfig extends RwkvStart {
  /** Inner width; null: four times the model's. */
  inner: number | null;
}

const channelMix: MixerDefinition<ChannelMixConfig> = {
  id: 'rwkv-channel-mix',
  title: 'RWKV-4 channel mix',
  paper: { title: 'RWKV: Reinventing RNNs for the Transformer Era', arxiv: '2305.13048', year: 2023 },
  kind: 'feed-forward',
  complexity: { sequence: 'L', step: '1' },
  golden: ['rwkv'],
  systems: [],
  causal: () => true,
  defaults: { start: 'zero', inner: null },
  options: { ...startOptions, inner: orNull(whole(1)) },
  build(store, size, config, streams) {
    const { width: C } = size;
    const inner = config.inner ?? 4 * C;
    const { down } = depth(size);
    const mixK = mixture(store, 'k', C, down);
    const mixR = mixture(store, 'r', C, down);
    const map = mapMaker(store, config, streams);
    const key = map('key', inner, C, false);
    const receptance = map('receptance', C, C, true);
    const value = map('value', C, inner, true);
    const run = (t: Tape, x: Tensor, before: Tensor | null): Tensor =>
      t.scope(() => {
        const made = pipe(t, x, [
          (h) => shiftedMap(t, h, mixK, key, before),
          (h) => relu(t, h),
          (h) => square(t, h),
          (h) => linear(t, h, value, null),
        ]);
        return mul(
          t,
          t.scope(() => sigmoid(t, shiftedMap(t, x, mixR, receptance, before))),
          made,
        );
      });
    return {
      forward: (t, x) => run(t, x, null),
      recurrence: async (home) => ({
        start: (batch) => [home.tensor(new Float64Array(batch * C), [batch, C])],
        advance(t, x, [before]) {
          const [y, last] = t.scope(() => [run(t, x, before), lastStep(t, x)]);
          return { y, state: [last] };
        },
      }),
    };
  },
};
export default channelMix;
