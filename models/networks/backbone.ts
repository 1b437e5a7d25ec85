/**
 * The stack of residual sub-blocks that every network has between its encoder and its head.
 *
 *   pre-norm   x <- x + dropout(mixer(norm(x))), and one more norm after the last block
 *   post-norm  x <- norm(x + dropout(mixer(x)))
 *
 * A Transformer layer is two sub-blocks (attention, MLP), a convolution layer is one. Tied dropout has one mask
 * per sequence and channel, constant along L.
 *
 * Each sub-block runs in its own scope: in training what the backward pass saved outlives it, in evaluation
 * nothing does but its output.
 */
import { UnsupportedError } from '../../kernels/device/device.ts';
import { add } from '../../kernels/ops/binary/op.ts';
import { dropout } from '../../kernels/ops/dropout/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { Norm, type NormOptions } from '../layers/norm.ts';
import { pipe } from '../layers/pipe.ts';
import {
  loadMixer,
  type Mixer,
  type MixerContext,
  type MixerDefinition,
  type MixerState,
  mixerConfig,
  type Recurrence,
} from '../mixer.ts';
import {
  flag,
  number,
  type Options,
  oneOf,
  optional,
  positive,
  probability,
  requireOptions,
  whole,
} from '../options.ts';
import type { ParameterStore } from '../parameters.ts';
import type { BlockStates } from './running.ts';

/** A residual sub-block: which mixer, and what differs from its defaults. */
export interface BlockConfig {
  mixer: string;
  config?: object;
}

export interface BackboneConfig {
  blocks: BlockConfig[];
  width: number;
  /** Longest sequence. */
  length: number;
  norm: 'layer' | 'batch';
  prenorm: boolean;
  dropout: number;
  tiedDropout: boolean;
  /** A last norm after the blocks. Default: as `prenorm`. */
  finalNorm?: boolean;
  /** Norms: epsilon (default 1e-5) and the momentum of batch norm's running statistics (default 0.1). */
  epsilon?: number;
  momentum?: number;
}

const backboneOptions: Options<Omit<BackboneConfig, 'blocks'>> = {
  width: whole(1),
  length: whole(1),
  norm: oneOf('layer', 'batch'),
  prenorm: flag,
  dropout: probability,
  tiedDropout: flag,
  finalNorm: optional(flag),
  epsilon: optional(positive),
  momentum: optional(number('a number in (0, 1]', (x) => x > 0 && x <= 1)),
};

/** The mixer definitions of a network, by id: loaded once, before it is built. */
export type Mixers = ReadonlyMap<string, MixerDefinition>;

export async function loadMixers(blocks: readonly BlockConfig[]): Promise<Mixers> {
  const ids = [...new Set(blocks.map((b) => b.mixer))];
  return new Map(await Promise.all(ids.map(async (id) => [id, await loadMixer(id)] as const)));
}

/** Whether output t depends on inputs up to t only. Batch norm in training couples everything, but in evaluation not. */
export const isCausal = (blocks: readonly BlockConfig[], mixers: Mixers): boolean =>
  blocks.every(({ mixer, config }) => {
    const definition = mixers.get(mixer) as MixerDefinition;
    return definition.causal({ ...definition.defaults, ...config });
  });

interface Block {
  mixer: Mixer;
  norm: Norm;
  /** Of the mixer's output; 0 where the mixer has its own. */
  dropout: number;
}

/** What a block convolves with. */
export interface BlockKernel {
  /** Its place in the network. */
  block: number;
  mixer: string;
  /** (C, H, length). */
  kernel: Tensor;
}

/** The blocks on the next steps, which `encode` makes, (B, M, H); each block's state is handed on as it came. */
export interface BackboneRecurrence {
  start(batch: number): BlockStates;
  advance(t: Tape, encode: () => Tensor, states: BlockStates): { y: Tensor; states: BlockStates };
}

export class Backbone {
  readonly #blocks: Block[];
  readonly #last: Norm | null;

  constructor(
    store: ParameterStore,
    readonly config: BackboneConfig,
    mixers: Mixers,
    streams: Streams,
  ) {
    const { width, length, blocks, prenorm, dropout: p, tiedDropout } = config;
    requireOptions('a network', backboneOptions, config);
    if (!blocks.length) throw new RangeError('a network needs at least one block');
    const options: NormOptions = { kind: config.norm, epsilon: config.epsilon, momentum: config.momentum };
    const size = { width, length, layers: blocks.length, dropout: p, tiedDropout };
    this.#blocks = blocks.map(({ mixer: id, config: own }, i) => {
      const definition = mixers.get(id) as MixerDefinition;
      const alike = (list: readonly BlockConfig[]) => list.filter((b) => b.mixer === id).length;
      const place = { index: alike(blocks.slice(0, i)), count: alike(blocks) };
      const all = mixerConfig(definition, own);
      const mixer = definition.build(store.at(`mixers.${i}`), { ...size, place }, all, streams);
      return { mixer, norm: new Norm(store.at(`norms.${i}`), width, options), dropout: definition.ownDropout ? 0 : p };
    });
    this.#last = (config.finalNorm ?? prenorm) ? new Norm(store.at('norm'), width, options) : null;
  }

  /** The hidden states after the last block; `encode` makes the first ones, (B, L, H). */
  forward(t: Tape, encode: () => Tensor, context: MixerContext): Tensor {
    if ((context.rate ?? 1) !== 1) this.#requireAnyRate();
    const last = this.#last;
    const top = () => this.#upTo(t, this.#blocks.length, encode, context);
    return last ? t.scope(() => last.forward(t, top())) : top();
  }

  #requireAnyRate(): void {
    for (const [i, { mixer }] of this.#blocks.entries())
      if (!mixer.anyRate)
        throw new UnsupportedError(
          `block ${i} (${this.config.blocks[i].mixer}) cannot be taken to another sampling rate: it has no kernel that ` +
            'could move in longer steps',
        );
  }

  /** The convolution kernels of the blocks that are convolutions, (C, H, length) each. */
  kernels(t: Tape, length = this.config.length): BlockKernel[] {
    return this.#blocks.flatMap(({ mixer }, block) =>
      mixer.kernel ? [{ block, mixer: this.config.blocks[block].mixer, kernel: mixer.kernel(t, length) }] : [],
    );
  }

  /** Nested scopes: the states below a block are released when it has run. */
  #upTo(t: Tape, count: number, encode: () => Tensor, context: MixerContext): Tensor {
    if (count === 0) return t.scope(encode);
    return t.scope(() => this.#block(t, this.#blocks[count - 1], this.#upTo(t, count - 1, encode, context), context));
  }

  #block(t: Tape, { mixer, norm, dropout: p }: Block, x: Tensor, context: MixerContext): Tensor {
    const { prenorm, tiedDropout } = this.config;
    const branch = pipe(t, x, [
      (h) => (prenorm ? norm.forward(t, h) : h),
      (h) => mixer.forward(t, h, { ...context, residual: x }),
      (h) => dropout(t, h, { p, tied: tiedDropout ? [1] : [] }),
    ]);
    const sum = add(t, x, branch);
    return prenorm ? sum : norm.forward(t, sum);
  }

  /** The recurrent form: norms, residuals and maps of positions need no memory. Throws when a mixer has none. */
  async recurrence(t: Tape): Promise<BackboneRecurrence> {
    const parts: Recurrence[] = [];
    for (const [i, { mixer }] of this.#blocks.entries()) {
      if (!mixer.recurrence)
        throw new UnsupportedError(
          `block ${i} (${this.config.blocks[i].mixer}) has no recurrent form: it looks ahead, or what it has to remember ` +
            'grows with the sequence; run the network on whole sequences',
        );
      parts.push(await mixer.recurrence(t));
    }
    const last = this.#last;
    return {
      start: (batch) => parts.map((part) => part.start(batch)),
      advance: (t, encode, states) => {
        const after: MixerState[] = [];
        const [y] = t.scope(() => {
          const h = this.#partUpTo(t, parts, parts.length, encode, states, after);
          return [last ? last.forward(t, h) : h, ...after.flat()];
        });
        return { y, states: after };
      },
    };
  }

  /** Blocks below `count` on the next steps; their states go to `after`. */
  #partUpTo(
    t: Tape,
    parts: readonly Recurrence[],
    count: number,
    encode: () => Tensor,
    states: BlockStates,
    after: MixerState[],
  ): Tensor {
    if (count === 0) return t.scope(encode);
    const { prenorm } = this.config;
    const i = count - 1;
    const { norm } = this.#blocks[i];
    const [y] = t.scope(() => {
      const x = this.#partUpTo(t, parts, i, encode, states, after);
      const [mixed] = t.scope(() => {
        const u = prenorm ? norm.forward(t, x) : x;
        const next = parts[i].advance(t, u, states[i], x);
        after.push(next.state);
        return [next.y, ...next.state];
      });
      const sum = add(t, x, mixed);
      return [prenorm ? sum : norm.forward(t, sum), ...after.flat()];
    });
    return y;
  }

  /** Makes every mixer that can be made to take sequences of up to `length` steps do so (`Mixer.extend`). */
  async extend(length: number): Promise<void> {
    for (const { mixer } of this.#blocks) await mixer.extend?.(length);
  }
}
