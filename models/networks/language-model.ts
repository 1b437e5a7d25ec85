/**
 * The causal language model: embedding (plus a learned position table for attention), pre-norm blocks, a final
 * norm, logits h E^T with the embedding table E itself (its gradient is the sum of both uses), mean cross entropy
 * over all positions.
 *
 * Radford et al. 2019 (GPT-2) for the shape, Press and Wolf 2017, arXiv 1608.05859, for the tied table.
 */
import type { Device } from '../../kernels/device/device.ts';
import { crossEntropy } from '../../kernels/ops/cross-entropy/op.ts';
import { dropout } from '../../kernels/ops/dropout/op.ts';
import { matmul } from '../../kernels/ops/matmul/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { pipe } from '../layers/pipe.ts';
import { flag, oneOf, optional, probability, requireOptions } from '../options.ts';
import { ParameterStore } from '../parameters.ts';
import { Backbone, type BackboneConfig, type BlockKernel, isCausal, loadMixers, type Mixers } from './backbone.ts';
import { Encoder } from './encoder.ts';
import { dryRun, type ModelEstimate } from './estimate.ts';
import { gptStart } from './gpt-start.ts';
import type { NetworkRecurrence } from './running.ts';

export interface LanguageModelConfig extends BackboneConfig {
  vocabulary: number;
  /** Learned position table: for attention, which cannot tell positions apart by itself. */
  positions: boolean;
  /** Dropout of the embedded sequence. Default 0. */
  embedDropout?: number;
  /** What the parameters start from: the layers' own values (default), or GPT-2's (`gpt-start.ts`). */
  start?: 'layers' | 'gpt-2';
  /** Blocks that are not causal are taken: the loss is then of words that the network is shown, no perplexity of a text. */
  seesFuture?: boolean;
}

/** Token sequences on the device, i32 (B, L). Targets of -100 do not count. */
export interface TokenBatch {
  x: Tensor;
  targets: Tensor;
}

export class LanguageModel {
  readonly store: ParameterStore;
  readonly #encoder: Encoder;
  readonly #backbone: Backbone;

  constructor(
    device: Device,
    readonly config: LanguageModelConfig,
    mixers: Mixers,
    streams: Streams,
    initialise = true,
  ) {
    if (!config.seesFuture && !isCausal(config.blocks, mixers))
      throw new RangeError('a language model needs causal blocks: set causal true or bidirectional false');
    requireOptions(
      'a language model',
      {
        embedDropout: optional(probability),
        start: optional(oneOf('layers', 'gpt-2')),
        seesFuture: optional(flag),
      },
      config,
    );
    this.store = new ParameterStore(device, initialise);
    const { width, length, positions, vocabulary } = config;
    const input = { kind: 'tokens' as const, vocabulary };
    this.#encoder = new Encoder(this.store, { input, width, length, positions }, streams);
    this.#backbone = new Backbone(this.store, config, mixers, streams);
    if (initialise && config.start === 'gpt-2') gptStart(this.store, config.blocks.length, streams);
  }

  /** The convolution kernels of its blocks (`Backbone.kernels`). */
  kernels(t: Tape): BlockKernel[] {
    return this.#backbone.kernels(t);
  }

  /** Logits (B, L, vocabulary). */
  logits(t: Tape, x: Tensor): Tensor {
    return t.scope(() => matmul(t, this.#states(t, x), this.#encoder.table as Tensor, { transB: true }));
  }

  /** Logits of what follows the last step, (B, vocabulary). */
  next(t: Tape, x: Tensor): Tensor {
    const [B, L] = x.shape;
    return t.scope(() => {
      const last = t.scope(() => slice(t, this.#states(t, x), { axis: 1, start: L - 1, length: 1 }));
      const h = t.reshape(last, [B, this.config.width]);
      return matmul(t, h, this.#encoder.table as Tensor, { transB: true });
    });
  }

  /** After the last norm, (B, L, H). */
  #states(t: Tape, x: Tensor): Tensor {
    const { embedDropout: p = 0 } = this.config;
    const encode = () => pipe(t, x, [(ids) => this.#encoder.forward(t, ids), (h) => dropout(t, h, { p })]);
    return this.#backbone.forward(t, encode, {});
  }

  /** The network token by token, or in chunks: y is the logits at each of these steps, (B, M, vocabulary). */
  async recurrence(t: Tape): Promise<NetworkRecurrence> {
    const backbone = await this.#backbone.recurrence(t);
    return {
      start: (batch) => ({ blocks: backbone.start(batch), head: [], position: 0 }),
      advance: (step, x, { blocks, position }) => {
        let after = blocks;
        const [y] = step.scope(() => {
          const next = backbone.advance(step, () => this.#encoder.part(step, x, position), blocks);
          after = next.states;
          return [matmul(step, next.y, this.#encoder.table as Tensor, { transB: true }), ...after.flat()];
        });
        return { y, state: { blocks: after, head: [], position: position + x.shape[1] } };
      },
    };
  }

  /** Allows sequences of up to `length` steps, longer than it was built for, where nothing is tied to positions. */
  async extend(length: number): Promise<void> {
    this.#encoder.extend(length);
    await this.#backbone.extend(length);
  }

  /** Mean cross entropy per token (1), with the logits. */
  loss(t: Tape, { x, targets }: TokenBatch): { loss: Tensor; logits: Tensor } {
    const logits = this.logits(t, x);
    const rows = x.shape[0] * x.shape[1];
    const flat = t.reshape(logits, [rows, this.config.vocabulary]);
    return { loss: crossEntropy(t, flat, t.reshape(targets, [rows])), logits };
  }
}

export async function buildLanguageModel(
  device: Device,
  config: LanguageModelConfig,
  streams: Streams,
): Promise<LanguageModel> {
  return new LanguageModel(device, config, await loadMixers(config.blocks), streams);
}

/** Sizes of a model at this batch and length, from a dry run that allocates nothing; batch 0: parameters only. */
export async function estimateLanguageModel(
  config: LanguageModelConfig,
  batch = 0,
  length = config.length,
): Promise<ModelEstimate> {
  const mixers = await loadMixers(config.blocks);
  return dryRun((device) => {
    const model = new LanguageModel(device, config, mixers, new Streams(0), false);
    const tokens = (t: Tape) => t.empty([batch, length], 'i32');
    if (batch === 0) return { store: model.store };
    return { store: model.store, run: (t) => model.loss(t, { x: tokens(t), targets: tokens(t) }).loss };
  });
}
