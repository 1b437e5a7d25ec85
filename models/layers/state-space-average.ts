/**
 * A state space in the place of Mega's moving average: y = silu(k * x + D x), with the kernel k of S4D or S4 and no map behind.
 *
 * In the ablation of the S4 repository (`mode: diag` or `nplr` of its Mega block): S4D-Lin or S4-LegS, a state matrix for each
 * channel, two-sided with lags from 0 and from 1 (`layers/convolution.ts`). Padded steps of x do not enter.
 */
import { mul } from '../../kernels/ops/binary/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { silu } from '../../kernels/ops/unary/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { Mixer, MixerSize, Recurrence } from '../mixer.ts';
import s4 from '../mixers/s4.ts';
import s4d from '../mixers/s4d.ts';
import type { StoreView } from '../parameters.ts';
import type { Padding } from './moving-average.ts';

export const stateSpaces = ['s4d', 's4'] as const;
export type StateSpace = (typeof stateSpaces)[number];

export class StateSpaceAverage {
  readonly #mixer: Mixer;

  /** Registers the state space's parameters and the skip below `store`. `states`: N, even. */
  constructor(
    store: StoreView,
    size: MixerSize,
    kind: StateSpace,
    { states, bidirectional }: { states: number; bidirectional: boolean },
    streams: Streams,
  ) {
    // Mega drops out what it makes of the average, and nothing before.
    const undropped = { ...size, dropout: 0 };
    const alone = { states, bidirectional, activation: 'none', output: 'none' } as const;
    this.#mixer =
      kind === 's4'
        ? s4.build(store, undropped, { ...s4.defaults, ...alone }, streams)
        : s4d.build(store, undropped, { ...s4d.defaults, ...alone }, streams);
  }

  /** (1 or 2, D, length). */
  kernel(t: Tape, length: number): Tensor {
    if (!this.#mixer.kernel) throw new Error('a state space has a kernel');
    return this.#mixer.kernel(t, length);
  }

  /** x (B, L, D) to (B, D, L). */
  forward(t: Tape, x: Tensor, padding: Padding): Tensor {
    return t.scope(() => {
      const seen = padding && 'real' in padding ? mul(t, x, padding.real) : x;
      const lengths = padding && 'lengths' in padding ? padding.lengths : null;
      return silu(t, permute(t, this.#mixer.forward(t, seen, { lengths }), [0, 2, 1]));
    });
  }

  /** The same by steps, (B, M, D) to (B, M, D), without the silu. One-sided. */
  async recurrence(t: Tape): Promise<Recurrence> {
    if (!this.#mixer.recurrence) throw new Error('a two-sided state space has no recurrence');
    return this.#mixer.recurrence(t);
  }
}
