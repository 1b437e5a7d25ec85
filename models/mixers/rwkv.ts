/**
 * RWKV-4, the time mix: an average of past values whose weights are learned keys and a decay per channel.
 *
 *   x_a = x_t m_a + x_{t-1} (1 - m_a),  a = k, v, r          x (B, T, C), zero before the start
 *   k = W_k x_k,  v = W_v x_v,  r = W_r x_r
 *   wkv_t = (sum_{i<t} e^{k_i - (t-1-i) d} v_i + e^{u + k_t} v_t) / (the same with v = 1),   d = exp(time_decay)
 *   y = W_o (sigmoid(r) wkv)                                 no biases
 *
 * Peng et al. 2023, arXiv 2305.13048, equations 11 to 16 (there without the output bias as here). `kernels/ops/wkv` runs
 * it as a recurrence with a running maximum. A layer is this block and then `rwkv-channel-mix`.
 *
 * Causal. The state of the recurrence: the last step and, per channel, numerator, denominator and maximum.
 *
 * Initial values, as in the public code of version 4 (BlinkDL/RWKV-LM, RWKV-v4/src/model.py), for channel i of C in block
 * l of n (up = l / (n - 1), down = 1 - l / n):
 *   time_decay = -5 + 8 (i / (C - 1))^(0.7 + 1.3 up)      time_first = log 0.3 + (((i + 1) mod 3) - 1) / 2
 *   m_k = (i / C)^down      m_v = m_k + 0.3 up            m_r = (i / C)^(down / 2)
 * W_k, W_r and W_o zero and W_v orthogonal: every block starts as 0. The public code has no weight decay anywhere; here
 * the ramps have none, and the maps the run's own.
 *
 * The public operator takes the decay as -exp(time_decay) and adds it; and its backward pass leaves one gradient of
 * decay and bonus for each sequence, which the caller sums.
 */
import { mul } from '../../kernels/ops/binary/op.ts';
import { linear } from '../../kernels/ops/matmul/op.ts';
import { sigmoid } from '../../kernels/ops/unary/op.ts';
import { lastState, nothing, wkv } from '../../kernels/ops/wkv/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { depth, lastStep, mapMaker, mixture, type RwkvStart, shiftedMap, startOptions } from '../layers/rwkv.ts';
import type { MixerDefinition, Recurrence } from '../mixer.ts';

const rwkv: MixerDefinition<RwkvStart> = {
  id: 'rwkv',
  title: 'RWKV-4',
  paper: { title: 'RWKV: Reinventing RNNs for the Transformer Era', arxiv: '2305.13048', year: 2023 },
  kind: 'recurrence',
  complexity: { sequence: 'L', step: '1' },
  golden: ['rwkv'],
  systems: [
    {
      id: 'rwkv',
      title: 'RWKV-4',
      speed: { published: null },
      // Of the size of the MLP that the others have.
      feedForward: (width) => ({ mixer: 'rwkv-channel-mix', config: { inner: Math.round(1.5 * width) } }),
      published: ['RWKV', 'RWKV-169M', 'RWKV-v4 169M'],
    },
  ],
  causal: () => true,
  defaults: { start: 'zero' },
  options: startOptions,
  build(store, size, config, streams) {
    const { width: C } = size;
    const { up, down } = depth(size);
    const ramp = (value: (i: number) => number) => () => Float64Array.from({ length: C }, (_, i) => value(i));
    const still = { weightDecay: 0 };
    const last = Math.max(1, C - 1);
    const decay = store.add(
      'time_decay',
      ramp((i) => -5 + 8 * (i / last) ** (0.7 + 1.3 * up)),
      [C],
      still,
    );
    const first = store.add(
      'time_first',
      ramp((i) => Math.log(0.3) + (((i + 1) % 3) - 1) / 2),
      [C],
      still,
    );
    const mixK = mixture(store, 'k', C, down);
    const mixV = mixture(store, 'v', C, down, 0.3 * up);
    const mixR = mixture(store, 'r', C, down / 2);
    const map = mapMaker(store, config, streams);
    const key = map('key', C, C, true);
    const value = map('value', C, C, false);
    const receptance = map('receptance', C, C, true);
    const output = map('output', C, C, true);

    /** From the step before and the state: what comes out, and all states. */
    const run = (t: Tape, x: Tensor, before: Tensor | null, state: Tensor | null): [Tensor, Tensor] => {
      const [y, states] = t.scope(() => {
        const averaged = t.scope(() => {
          const k = shiftedMap(t, x, mixK, key, before);
          const v = shiftedMap(t, x, mixV, value, before);
          const made = wkv(t, { k, v, decay, first, state });
          return [made.y, made.states];
        });
        const gated = t.scope(() => {
          const r = sigmoid(t, shiftedMap(t, x, mixR, receptance, before));
          return mul(t, r, averaged[0]);
        });
        return [linear(t, gated, output, null), averaged[1]];
      });
      return [y, states];
    };
    return {
      forward: (t, x) => t.scope(() => run(t, x, null, null)[0]),
      recurrence: async (home): Promise<Recurrence> => ({
        start(batch) {
          const empty = new Float64Array(batch * 3 * C).map((_, i) => (Math.floor(i / C) % 3 === 2 ? nothing : 0));
          return [home.tensor(new Float64Array(batch * C), [batch, C]), home.tensor(empty, [batch, 3, C])];
        },
        advance(t, x, [before, state]) {
          const [y, ...after] = t.scope(() => {
            const [out, states] = run(t, x, before, state);
            return [out, lastStep(t, x), lastState(t, states)];
          });
          return { y, state: after };
        },
      }),
    };
  },
};
export default rwkv;
