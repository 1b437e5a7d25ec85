/**
 * A network that is moved along its input: one token at a time, or a long input in chunks. What it needs of the past is
 * its state, so the memory does not grow with the length.
 */
import type { Device } from '../../kernels/device/device.ts';
import type { Cost } from '../../kernels/ops/op.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { MixerState } from '../mixer.ts';

/** What a network remembers: the states of its blocks, in order. */
export type BlockStates = readonly MixerState[];

/** ... and what its head does, with the number of steps that are behind it. */
export interface NetworkState {
  blocks: BlockStates;
  head: readonly Tensor[];
  position: number;
}

export const tensorsOf = ({ blocks, head }: Pick<NetworkState, 'blocks' | 'head'>): Tensor[] => [
  ...blocks.flat(),
  ...head,
];

/** The recurrent form of a whole network; as `Recurrence`. */
export interface NetworkRecurrence {
  start(batch: number): NetworkState;
  /** x: tokens i32 (B, M) or real (B, M, dims), the next steps; y: what the network gives for them. */
  advance(t: Tape, x: Tensor, state: NetworkState): { y: Tensor; state: NetworkState };
}

/** A network that may have a recurrent form. */
export interface Recurrent {
  readonly store: { readonly device: Device };
  /** Throws, with the reason, when a block of it has none. The parameters are read once, here. */
  recurrence(t: Tape): Promise<NetworkRecurrence>;
}

export class Running {
  readonly #home: Tape;
  readonly #network: NetworkRecurrence;
  readonly #start: NetworkState;
  #state: NetworkState;
  #last: Tape | null = null;

  private constructor(home: Tape, network: NetworkRecurrence, batch: number) {
    this.#home = home;
    this.#network = network;
    this.#start = network.start(batch);
    this.#state = this.#start;
  }

  /** At the start of `batch` sequences. Close it after use. */
  static async open(network: Recurrent, batch: number): Promise<Running> {
    const home = new Tape(network.store.device, { grad: false });
    try {
      return new Running(home, await network.recurrence(home), batch);
    } catch (e) {
      home.close();
      throw e;
    }
  }

  /** Back to the start of new sequences. */
  reset(): void {
    this.#state = this.#start;
  }

  /** Analytic cost of the last call. */
  get cost(): Cost {
    return this.#last?.cost.forward ?? { flops: 0, bytes: 0 };
  }

  /** Steps so far. */
  get position(): number {
    return this.#state.position;
  }

  /** The next steps, which `input` makes on the tape that it is given; the result lives until the next call. */
  advance(input: (t: Tape) => Tensor): Tensor {
    const t = new Tape(this.#home.device, { grad: false });
    try {
      let state = this.#state;
      const [y] = t.scope(() => {
        const next = this.#network.advance(t, input(t), state);
        state = next.state;
        return [next.y, ...tensorsOf(state)];
      });
      this.#state = state;
      this.#last?.close();
      this.#last = t;
      return y;
    } catch (e) {
      t.close();
      throw e;
    }
  }

  close(): void {
    this.#last?.close();
    this.#last = null;
    this.#home.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
