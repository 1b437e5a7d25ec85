/**
 * From the input to (B, L, H): an embedding table for tokens, a dense map for real features; plus, for models
 * that cannot tell positions apart by themselves, a learned table added to every sequence.
 *
 * Initial values: embedding N(0, 1) (the default of the public code), positions 0.02 N(0, 1).
 */
import { add } from '../../kernels/ops/binary/op.ts';
import { embedding } from '../../kernels/ops/embedding/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { Linear } from '../layers/linear.ts';
import { pipe } from '../layers/pipe.ts';
import { flag, oneOf, optional, requireOptions, whole } from '../options.ts';
import type { ParameterStore } from '../parameters.ts';

export type InputKind = { kind: 'tokens'; vocabulary: number; padding?: number } | { kind: 'real'; dims: number };

export interface EncoderConfig {
  input: InputKind;
  width: number;
  /** Longest sequence. */
  length: number;
  positions: boolean;
}

const table = { embedding: true } as const;

export class Encoder {
  /** Embedding table (V, H); null for real inputs. */
  readonly table: Tensor | null;
  readonly #map: Linear | null;
  readonly #positions: Tensor | null;
  /** Longest sequence now. */
  #length: number;

  constructor(
    store: ParameterStore,
    readonly config: EncoderConfig,
    streams: Streams,
  ) {
    const { input, width, length, positions } = config;
    requireOptions('a network', { width: whole(1), length: whole(1), positions: flag }, config);
    requireOptions('input', { kind: oneOf('tokens', 'real') }, input);
    if (input.kind === 'tokens') requireOptions('input', { vocabulary: whole(1), padding: optional(whole(0)) }, input);
    else requireOptions('input', { dims: whole(1) }, input);
    this.#length = length;
    const normals = (n: number, scale: number) => () => streams.get('init').normals(n, scale);
    this.table =
      input.kind === 'tokens'
        ? store.add('encoder.weight', normals(input.vocabulary * width, 1), [input.vocabulary, width], table)
        : null;
    this.#map = input.kind === 'real' ? new Linear(store.at('encoder'), input.dims, width, streams) : null;
    this.#positions = positions ? store.add('pos.weight', normals(length * width, 0.02), [length, width], table) : null;
  }

  /** tokens i32 (B, L) or real (B, L, dims) to (B, L, H). */
  forward(t: Tape, x: Tensor): Tensor {
    const L = x.shape[1];
    if (L > this.#length)
      throw new RangeError(
        `a sequence of ${L} steps is longer than the model's ${this.#length}: build it with length ${L}`,
      );
    return this.part(t, x, 0);
  }

  /** A part of a sequence of any length, from step `start` on; a table of positions must cover it. */
  part(t: Tape, x: Tensor, start: number): Tensor {
    const { input, length } = this.config;
    const L = x.shape[1];
    const table = this.#positions;
    if (table && start + L > length)
      throw new RangeError(`the table of positions ends at ${length} steps, before ${start + L}`);
    return pipe(t, x, [
      (ids) =>
        this.table
          ? embedding(t, this.table, ids, input.kind === 'tokens' ? { padding: input.padding } : {})
          : (this.#map as Linear).forward(t, ids),
      (h) => {
        if (!table) return h;
        return add(t, h, L < length ? slice(t, table, { axis: 0, start, length: L }) : table);
      },
    ]);
  }

  /** Allows sequences of up to `length` steps; a table of positions cannot follow. */
  extend(length: number): void {
    if (this.#positions && length > this.config.length)
      throw new RangeError(
        `the table of positions has ${this.config.length} steps, not ${length}: build the model with length ${length}`,
      );
    this.#length = Math.max(this.#length, length);
  }
}
