/**
 * Mega: attention within chunks of the sequence, told by a moving average what lies beyond them, and gated twice.
 *
 *   m = ema(x)                                      `layers/moving-average.ts`; x (B, L, D)
 *   v = silu(W_v x + b_v)                                                                     E wide
 *   u = sigmoid(W_u m + b_u)   z = silu(W_z m + b_z)   r = silu(W_r m + b_r)   h = W_h' m + b_h'
 *   q = z gamma_0 + beta_0,  k = z gamma_1 + beta_1                                           Z wide, element-wise
 *   o = A(q, k) v                                   `kernels/ops/chunk-attention`: one head, bias by j - i
 *   h^ = silu(h + W_h (o r) + b_h)
 *   y = u (h^ - x0),  which the block adds to x0
 *
 * Ma et al. 2022, arXiv 2209.10655, equations 7 to 16. x0 is the block's input before its norm: y + x0 is the paper's
 * u h^ + (1 - u) x0, a gate in the place of the residual sum. Values and moving average read the normed x, so
 * with a norm before the block x0 differs from x and comes in as `context.residual`.
 *
 * A: `softmax` of q k^T / sqrt Z + b; `laplace` and `relu2` weigh every key by itself, from q k^T / (number of keys) + b.
 * b: `simple`, one number per distance up to the chunk (or the longest sequence); `rotary`, two vectors of Z.
 * A sequence that is no multiple of the chunk ends in a shorter one. `average`: S4D or S4 in the place of the average, for the
 * ablation of the S4 repository (`layers/state-space-average.ts`).
 *
 * Causal: with `causal` and a one-sided average. By steps (`recurrence`) only in chunks: the state is that of the
 * average and the keys and values of the present chunk; attention over everything has no state of fixed size.
 *
 * Initial values (public code): dense maps and gamma 0.02 N(0, 1), their biases and beta 0, position biases 0.02 N(0, 1).
 * The public code normalises inside the layer, as every block here does, and drops out m and h^ only: so does this
 * file, and the block does not (`ownDropout`). Its options for dropout of values and of A, off in its LRA settings, are
 * left out. In its table rows the layer is followed by a feed-forward block (`mlp`, silu, inner width as published).
 */

import { add, mul, sub } from '../../kernels/ops/binary/op.ts';
import { chunkAttention, type Weighting, weightings } from '../../kernels/ops/chunk-attention/op.ts';
import { concat } from '../../kernels/ops/concat/op.ts';
import { dropout } from '../../kernels/ops/dropout/op.ts';
import { linear, matmul } from '../../kernels/ops/matmul/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { rotaryBias } from '../../kernels/ops/rotary-bias/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import { sigmoid, silu } from '../../kernels/ops/unary/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { MovingAverage, movingAverageOptions } from '../layers/moving-average.ts';
import { type StateSpace, StateSpaceAverage, stateSpaces } from '../layers/state-space-average.ts';
import type { Mixer, MixerContext, MixerDefinition, MixerSize, MixerState, Recurrence } from '../mixer.ts';
import { flag, notNegative, oneOf, orNull, whole } from '../options.ts';
import type { StoreView } from '../parameters.ts';

export interface MegaConfig {
  /** Width Z of queries and keys. */
  keys: number;
  /** Width E of the values; null: twice the model's. */
  values: number | null;
  /** What tells of the past: the moving average, or a state space in its place. */
  average: 'ema' | StateSpace;
  /** Decays per channel of the moving average; states (even) of a state space. */
  decays: number;
  /** Two-sided moving average. */
  bidirectional: boolean;
  /** Taps of the moving average's kernel; null: as many as steps. */
  truncation: number | null;
  /** Steps of a chunk; null: the whole sequence. */
  chunk: number | null;
  weighting: Weighting;
  bias: 'simple' | 'rotary';
  /** Attention to earlier steps only. */
  causal: boolean;
  /** Standard deviation of the initial dense maps, gamma and position biases. */
  deviation: number;
}

/** `padding`: as `lengths`, for padding anywhere: i32 (B, L) with 1 where a step is padding, and (B, L, 1) with 0 there. */
export type MegaContext = MixerContext & { padding?: { hidden: Tensor; real: Tensor } };

interface Dense {
  weight: Tensor;
  bias: Tensor;
}

/** A chunked layer's state, and how many steps were seen. */
type MegaState = MixerState & { seen: number };

export class Mega implements Mixer {
  readonly #average: MovingAverage | StateSpaceAverage;
  readonly #v: Dense;
  readonly #m: Dense;
  readonly #h: Dense;
  readonly #gamma: Tensor;
  readonly #beta: Tensor;
  readonly #position: { w: Tensor } | { alpha: Tensor; beta: Tensor };
  readonly #values: number;
  readonly recurrence?: (t: Tape) => Promise<Recurrence>;

  constructor(
    store: StoreView,
    readonly size: MixerSize,
    readonly config: MegaConfig,
    streams: Streams,
  ) {
    check(config);
    const { width: D, length } = size;
    const { keys: Z, chunk, bias, causal, bidirectional, truncation } = config;
    const E = config.values ?? 2 * D;
    const stream = streams.get('init');
    const normals = (name: string, shape: number[]) =>
      store.add(
        name,
        () =>
          stream.normals(
            shape.reduce((a, b) => a * b, 1),
            config.deviation,
          ),
        shape,
      );
    const zeros = (name: string, shape: number[]) =>
      store.add(name, () => new Float64Array(shape.reduce((a, b) => a * b, 1)), shape);
    const dense = (name: string, outputs: number, inputs: number): Dense => ({
      weight: normals(`${name}.weight`, [outputs, inputs]),
      bias: zeros(`${name}.bias`, [outputs]),
    });
    this.#values = E;
    this.#average = averageOf(store.at('move'), size, config, streams);
    this.#v = dense('v_proj', E, D);
    this.#m = dense('mx_proj', Z + E + 2 * D, D);
    this.#h = dense('h_proj', D, E);
    this.#gamma = normals('gamma', [2, Z]);
    this.#beta = zeros('beta', [2, Z]);
    this.#position =
      bias === 'simple'
        ? { w: normals('rel_pos_bias.rel_pos_bias', [2 * (chunk ?? length) - 1]) }
        : { alpha: normals('rel_pos_bias.alpha', [1, Z]), beta: normals('rel_pos_bias.beta', [1, Z]) };
    if (causal && !bidirectional && truncation === null && chunk !== null)
      this.recurrence = (t) => this.#recurrence(t, chunk);
  }

  kernel(t: Tape, length: number): Tensor {
    return this.#average.kernel(t, length);
  }

  forward(t: Tape, x: Tensor, { lengths, residual = x, padding }: MegaContext): Tensor {
    const average = padding ? { real: padding.real } : lengths ? { lengths } : null;
    return t.scope(() => {
      const v = this.#valuesOf(t, x);
      const m = this.#drop(t, this.#average.forward(t, x, average), 2);
      const { q, k } = this.#queriesAndKeys(t, m);
      return this.#output(t, m, { q, k, v, hidden: padding?.hidden ?? lengths }, residual);
    });
  }

  /** Dropout with one mask per sequence and channel when tied: constant along axis `time`. */
  #drop(t: Tape, x: Tensor, time: number): Tensor {
    const { dropout: p, tiedDropout } = this.size;
    return dropout(t, x, { p, tied: tiedDropout ? [time] : [] });
  }

  #valuesOf(t: Tape, x: Tensor): Tensor {
    return t.scope(() => silu(t, linear(t, x, this.#v.weight, this.#v.bias)));
  }

  /** Rows of W_m, from m (B, D, L): to (B, L, rows). */
  #part(t: Tape, m: Tensor, start: number, length: number): Tensor {
    const rows = { axis: 0, start, length };
    return matmul(t, m, slice(t, this.#m.weight, rows), {
      transA: true,
      transB: true,
      bias: slice(t, this.#m.bias, rows),
    });
  }

  #queriesAndKeys(t: Tape, m: Tensor): { q: Tensor; k: Tensor } {
    const Z = this.config.keys;
    const [q, k] = t.scope(() => {
      const z = silu(t, this.#part(t, m, this.size.width, Z));
      const row = (x: Tensor, start: number) => t.reshape(slice(t, x, { axis: 0, start, length: 1 }), [Z]);
      return [0, 1].map((i) => add(t, mul(t, z, row(this.#gamma, i)), row(this.#beta, i)));
    });
    return { q, k };
  }

  /** From the attention's operands to what is added to the residual. */
  #output(
    t: Tape,
    m: Tensor,
    operands: { q: Tensor; k: Tensor; v: Tensor; hidden?: Tensor | null },
    residual: Tensor,
  ): Tensor {
    const { width: D } = this.size;
    const { keys: Z, chunk, weighting, causal } = this.config;
    return t.scope(() => {
      const inner = t.scope(() => {
        const w = this.#bias(t, chunk ?? operands.k.shape[1]);
        const o = chunkAttention(t, { ...operands, w }, { weighting, chunk: chunk ?? 0, causal });
        const r = silu(t, this.#part(t, m, D + Z, this.#values));
        return linear(t, mul(t, o, r), this.#h.weight, this.#h.bias);
      });
      const h = t.scope(() => silu(t, add(t, this.#part(t, m, D + Z + this.#values, D), inner)));
      const change = sub(t, this.#drop(t, h, 1), residual);
      return mul(t, sigmoid(t, this.#part(t, m, 0, D)), change);
    });
  }

  /** The bias by relative position, for chunks of up to `positions` steps. */
  #bias(t: Tape, positions: number): Tensor {
    const p = this.#position;
    return 'w' in p ? p.w : rotaryBias(t, p.alpha, p.beta, positions);
  }

  async #recurrence(home: Tape, chunk: number): Promise<Recurrence> {
    const average = await this.#average.recurrence(home);
    const zeros = (shape: number[]) => home.tensor(new Float64Array(shape.reduce((a, b) => a * b, 1)), shape);
    const mark = (tensors: Tensor[], seen: number): MegaState => Object.assign(tensors, { seen });
    return {
      start: (batch) =>
        mark(
          [...average.start(batch), zeros([batch, chunk, this.config.keys]), zeros([batch, chunk, this.#values])],
          0,
        ),
      advance: (t, x, state, residual = x) => {
        const { seen } = state as MegaState;
        if (seen === undefined) throw new Error('a state of Mega must be handed on as advance returned it');
        const M = x.shape[1];
        const [y, ...after] = t.scope(() => {
          const [before, keys, values] = state;
          const moved = average.advance(t, x, [before]);
          const m = permute(t, silu(t, moved.y), [0, 2, 1]);
          const { q, k } = this.#queriesAndKeys(t, m);
          const v = this.#valuesOf(t, x);
          // The caches end in the steps of the present chunk.
          const present = (cache: Tensor, now: Tensor) => {
            const length = seen % chunk;
            return length ? concat(t, [slice(t, cache, { axis: 1, start: chunk - length, length }), now], 1) : now;
          };
          const operands = { q, k: present(keys, k), v: present(values, v) };
          const keep = (cache: Tensor, now: Tensor) =>
            M >= chunk
              ? slice(t, now, { axis: 1, start: M - chunk, length: chunk })
              : concat(t, [slice(t, cache, { axis: 1, start: M, length: chunk - M }), now], 1);
          return [this.#output(t, m, operands, residual), ...moved.state, keep(keys, k), keep(values, v)];
        });
        return { y, state: mark(after, seen + M) };
      },
    };
  }
}

function averageOf(store: StoreView, size: MixerSize, config: MegaConfig, streams: Streams) {
  const { average, decays: states, bidirectional } = config;
  return average === 'ema'
    ? new MovingAverage(store, size.width, config, streams)
    : new StateSpaceAverage(store, size, average, { states, bidirectional }, streams);
}

function check({ bias, keys, average, decays, truncation }: MegaConfig): void {
  if (average !== 'ema' && (truncation !== null || decays % 2 !== 0))
    throw new RangeError(`a state space in Mega needs an even number of decays and no truncation`);
  if (bias === 'rotary' && keys % 2 !== 0)
    throw new RangeError(`a rotary bias needs an even width of queries and keys, not ${keys}`);
}

const mega: MixerDefinition<MegaConfig> = {
  id: 'mega',
  title: 'Mega',
  paper: { title: 'Mega: Moving Average Equipped Gated Attention', arxiv: '2209.10655', year: 2022 },
  kind: 'attention',
  complexity: { sequence: 'L log L + c L', step: 'n + c' },
  golden: ['mega'],
  systems: [
    { id: 'mega', title: 'Mega', feedForward: () => null, published: ['Mega', '(large) Mega-EMA', '(small) Mega-EMA'] },
    {
      id: 'mega-chunk',
      title: 'Mega-chunk',
      config: { chunk: 128 },
      feedForward: () => null,
      speed: { published: null },
      published: ['Mega-chunk (c=128)'],
    },
  ],
  ownDropout: true,
  causal: ({ causal, bidirectional }) => causal && !bidirectional,
  defaults: {
    keys: 64,
    values: null,
    average: 'ema',
    decays: 16,
    bidirectional: true,
    truncation: null,
    chunk: null,
    weighting: 'softmax',
    bias: 'simple',
    causal: false,
    deviation: 0.02,
  },
  options: {
    ...movingAverageOptions,
    keys: whole(1),
    values: orNull(whole(1)),
    average: oneOf('ema', ...stateSpaces),
    chunk: orNull(whole(1)),
    weighting: oneOf(...weightings),
    bias: oneOf('simple', 'rotary'),
    causal: flag,
    deviation: notNegative,
  },
  build: (store, size, config, streams) => new Mega(store, size, config, streams),
};
export default mega;
