/**
 * The LRA classifier: encoder, residual blocks, pooling, head; trained with the mean cross entropy.
 *
 * Tay et al. 2020, arXiv 2011.04006 (tasks); Gu et al. 2022, arXiv 2111.00396, appendix D (this shape).
 */
import { type Device, UnsupportedError } from '../../kernels/device/device.ts';
import { crossEntropy } from '../../kernels/ops/cross-entropy/op.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { oneOf, requireOptions, whole } from '../options.ts';
import { ParameterStore } from '../parameters.ts';
import { Backbone, type BackboneConfig, type BlockKernel, isCausal, loadMixers, type Mixers } from './backbone.ts';
import { Encoder, type InputKind } from './encoder.ts';
import { dryRun, type ModelEstimate } from './estimate.ts';
import { buildHead, type Head, type HeadKind, pool, runningMean, startMean } from './heads.ts';
import { type NetworkRecurrence, tensorsOf } from './running.ts';

export interface ClassifierConfig extends BackboneConfig {
  input: InputKind;
  classes: number;
  /** Learned position table added to the encoder's output. */
  positions: boolean;
  pool: 'mean' | 'last';
  head: HeadKind;
}

/** A batch on the device. Retrieval: `x` holds the first documents of all pairs, then the second ones (2B rows). */
export interface Batch {
  /** tokens: i32 (B, L); real: (B, L, dims). */
  x: Tensor;
  /** i32 (B), or null when no sequence is padded. */
  lengths: Tensor | null;
  /** i32 (B), class indices. */
  targets: Tensor;
  /** As `MixerContext.rate`: every so-manieth sample of sequences as in training. Default 1. */
  rate?: number;
}

export class Classifier {
  readonly store: ParameterStore;
  /** Whether hidden state t depends on inputs up to t only (evaluation; pooling looks at all of them). */
  readonly causal: boolean;
  readonly #encoder: Encoder;
  readonly #backbone: Backbone;
  readonly #head: Head;

  /** Parameters are drawn from the stream `init`. `initialise` false: none is (dry runs). */
  constructor(
    device: Device,
    readonly config: ClassifierConfig,
    mixers: Mixers,
    streams: Streams,
    initialise = true,
  ) {
    requireOptions('a classifier', { classes: whole(1), pool: oneOf('mean', 'last') }, config);
    this.store = new ParameterStore(device, initialise);
    this.causal = isCausal(config.blocks, mixers);
    this.#encoder = new Encoder(this.store, config, streams);
    this.#backbone = new Backbone(this.store, config, mixers, streams);
    this.#head = buildHead(this.store, config.head, config.width, config.classes, streams);
  }

  /** Hidden states after the last block, (B, L, H). */
  states(t: Tape, { x, lengths, rate = 1 }: Pick<Batch, 'x' | 'lengths' | 'rate'>): Tensor {
    if (rate !== 1 && this.config.positions)
      throw new UnsupportedError('a network with a table of positions cannot be taken to another sampling rate');
    return this.#backbone.forward(t, () => this.#encoder.forward(t, x), { lengths, rate });
  }

  /** The convolution kernels of its blocks (`Backbone.kernels`). */
  kernels(t: Tape): BlockKernel[] {
    return this.#backbone.kernels(t);
  }

  /** Logits (B, classes). */
  logits(t: Tape, batch: Pick<Batch, 'x' | 'lengths' | 'rate'>): Tensor {
    return t.scope(() => {
      const pooled = t.scope(() => pool(t, this.states(t, batch), this.config.pool, batch.lengths));
      return this.#head.forward(t, pooled);
    });
  }

  /**
   * The network step by step, or in chunks: y is the logits of the sequence so far, (B, classes). For sequences of one
   * length, not padded.
   */
  async recurrence(t: Tape): Promise<NetworkRecurrence> {
    const backbone = await this.#backbone.recurrence(t);
    const { pool: how, width } = this.config;
    return {
      start: (batch) => ({
        blocks: backbone.start(batch),
        head: how === 'mean' ? startMean(t, batch, width) : [],
        position: 0,
      }),
      advance: (step, x, { blocks, head, position }) => {
        const after = { blocks, head, position: position + x.shape[1] };
        const [y] = step.scope(() => {
          const pooled = step.scope(() => {
            const { y: h, states } = backbone.advance(step, () => this.#encoder.part(step, x, position), blocks);
            after.blocks = states;
            const [mean, ...sums] = how === 'mean' ? runningMean(step, h, head, position) : [pool(step, h, how, null)];
            after.head = sums;
            return [mean, ...tensorsOf(after)];
          });
          return [this.#head.forward(step, pooled[0]), ...tensorsOf(after)];
        });
        return { y, state: after };
      },
    };
  }

  /** Allows sequences of up to `length` steps, longer than it was built for, where nothing is tied to positions. */
  async extend(length: number): Promise<void> {
    this.#encoder.extend(length);
    await this.#backbone.extend(length);
  }

  /** Mean cross entropy (1), with the logits. */
  loss(t: Tape, batch: Batch): { loss: Tensor; logits: Tensor } {
    const logits = this.logits(t, batch);
    return { loss: crossEntropy(t, logits, batch.targets), logits };
  }
}

export async function buildClassifier(device: Device, config: ClassifierConfig, streams: Streams): Promise<Classifier> {
  return new Classifier(device, config, await loadMixers(config.blocks), streams);
}

/** Sizes of a model at this batch and length (retrieval: `batch` pairs), from a dry run that allocates nothing. */
export async function estimateClassifier(
  config: ClassifierConfig,
  batch: number,
  length: number,
): Promise<ModelEstimate> {
  const mixers = await loadMixers(config.blocks);
  const rows = config.head.kind === 'retrieval' ? 2 * batch : batch;
  return dryRun((device) => {
    const model = new Classifier(device, config, mixers, new Streams(0), false);
    return {
      store: model.store,
      run(t) {
        const x =
          config.input.kind === 'tokens' ? t.empty([rows, length], 'i32') : t.empty([rows, length, config.input.dims]);
        return model.loss(t, { x, lengths: null, targets: t.empty([batch], 'i32') }).loss;
      },
    };
  });
}

/** Number of trained real numbers. */
export async function countParameters(config: ClassifierConfig): Promise<number> {
  const mixers = await loadMixers(config.blocks);
  return dryRun((device) => ({
    store: new Classifier(device, config, mixers, new Streams(0), false).store,
  })).parameters;
}
