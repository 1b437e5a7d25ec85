/**
 * The network of brain-signal prediction: one step of a real-valued sequence is hidden behind a learned vector, what
 * follows it is not shown, and the network says what it was.
 *
 *   x'_t = x_t (t < i),  mask (t = i)                   x (B, L, R), mask (R), i: the hidden step of each sequence
 *   h = blocks(W_in x' + b_in [+ T[time]])              W_in (H, R); T: learned time stamps, row 0 ... `timeStamps` - 1
 *   prediction = W_out h_i + b_out                      (B, R); loss: mean |prediction - x_i| (the MAE that is reported)
 *
 * Thomas, Re and Poldrack 2022, arXiv 2206.11417 ("causal sequence modelling" of BOLD signals, R = 1024 brain
 * networks); Fu et al. 2023, arXiv 2302.06646, uses it for Long Conv. The mask starts as N(0, 1), time stamps as
 * 0.02 N(0, 1); row 0 is for padded steps in the public data and trains like any other.
 *
 * Steps after i count as padding (`lengths` = i + 1), so causal and two-sided blocks see the same.
 */
import type { Device } from '../../kernels/device/device.ts';
import { add, mul, sub } from '../../kernels/ops/binary/op.ts';
import { embedding } from '../../kernels/ops/embedding/op.ts';
import { matmul } from '../../kernels/ops/matmul/op.ts';
import { mean } from '../../kernels/ops/reduce/op.ts';
import { relu, scale } from '../../kernels/ops/unary/op.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { Linear } from '../layers/linear.ts';
import { requireOptions, whole } from '../options.ts';
import { ParameterStore } from '../parameters.ts';
import { Backbone, type BackboneConfig, type BlockKernel, loadMixers, type Mixers } from './backbone.ts';
import { dryRun, type ModelEstimate } from './estimate.ts';

export interface MaskedRegressionConfig extends BackboneConfig {
  /** Features R of every step. */
  dims: number;
  /** Rows of the table of time stamps; 0: none. */
  timeStamps: number;
}

/** A batch of sequences of one length, each with a step to predict. */
export interface RegressionBatch {
  /** (B, L, R). */
  x: Tensor;
  /** i32 (B, L): row of the table of time stamps of each step; null when there is none. */
  times: Tensor | null;
  /** The step to predict of each sequence, 0 <= i < L. */
  hidden: readonly number[];
}

export class MaskedRegression {
  readonly store: ParameterStore;
  readonly #encoder: Linear;
  readonly #decoder: Linear;
  readonly #mask: Tensor;
  readonly #times: Tensor | null;
  readonly #backbone: Backbone;

  constructor(
    device: Device,
    readonly config: MaskedRegressionConfig,
    mixers: Mixers,
    streams: Streams,
    initialise = true,
  ) {
    requireOptions('masked regression', { width: whole(1), dims: whole(1), timeStamps: whole(0) }, config);
    this.store = new ParameterStore(device, initialise);
    const { width, dims, timeStamps } = config;
    const normals = (n: number, deviation: number) => () => streams.get('init').normals(n, deviation);
    this.#mask = this.store.add('mask', normals(dims, 1), [dims]);
    this.#encoder = new Linear(this.store.at('encoder'), dims, width, streams);
    this.#times = timeStamps
      ? this.store.add('times.weight', normals(timeStamps * width, 0.02), [timeStamps, width], { embedding: true })
      : null;
    this.#backbone = new Backbone(this.store, config, mixers, streams);
    this.#decoder = new Linear(this.store.at('decoder'), width, dims, streams);
  }

  /** The convolution kernels of its blocks (`Backbone.kernels`). */
  kernels(t: Tape): BlockKernel[] {
    return this.#backbone.kernels(t);
  }

  /** What each sequence's hidden step is taken to be, (B, R). */
  predict(t: Tape, batch: RegressionBatch): Tensor {
    return t.scope(() => {
      const { x } = batch;
      const [B, L] = x.shape;
      const lengths = this.#lengths(t, batch);
      const shown = (want: (step: number, hidden: number) => boolean) =>
        t.tensor(marks(batch.hidden, L, want), [B, L, 1]);
      const chosen = shown((step, i) => step === i);
      const encode = () =>
        t.scope(() => {
          const masked = t.scope(() =>
            add(
              t,
              mul(
                t,
                x,
                shown((step, i) => step < i),
              ),
              mul(t, chosen, this.#mask),
            ),
          );
          const h = this.#encoder.forward(t, masked);
          return this.#times ? add(t, h, embedding(t, this.#times, this.#timesOf(batch))) : h;
        });
      const h = this.#backbone.forward(t, encode, { lengths });
      const at = matmul(t, chosen, h, { transA: true });
      return this.#decoder.forward(t, t.reshape(at, [B, this.config.width]));
    });
  }

  /** Mean absolute error over the hidden steps' features (1), with the predictions (B, R). */
  loss(t: Tape, batch: RegressionBatch): { loss: Tensor; predictions: Tensor } {
    const predictions = this.predict(t, batch);
    const loss = t.scope(() => {
      const [B, L, R] = batch.x.shape;
      const chosen = t.tensor(
        marks(batch.hidden, L, (step, i) => step === i),
        [B, L, 1],
      );
      const truth = t.reshape(matmul(t, chosen, batch.x, { transA: true }), [B, R]);
      const error = sub(t, predictions, truth);
      return mean(t, add(t, relu(t, error), relu(t, scale(t, error, -1))), [0, 1]);
    });
    return { loss: t.reshape(loss, [1]), predictions };
  }

  #lengths(t: Tape, { x, hidden }: RegressionBatch): Tensor {
    const [B, L, R] = x.shape;
    if (R !== this.config.dims)
      throw new RangeError(`the steps have ${R} features, the model takes ${this.config.dims}`);
    if (L > this.config.length)
      throw new RangeError(`a sequence of ${L} steps is longer than the model's ${this.config.length}`);
    if (hidden.length !== B || !hidden.every((i) => Number.isInteger(i) && i >= 0 && i < L))
      throw new RangeError(`hidden must name one step from 0 to ${L - 1} for each of the ${B} sequences`);
    return t.tensor(
      Int32Array.from(hidden, (i) => i + 1),
      [B],
      'i32',
    );
  }

  #timesOf({ times }: RegressionBatch): Tensor {
    if (!times) throw new RangeError('this model has a table of time stamps: the batch must give the row of each step');
    return times;
  }
}

/** 1 where `want` holds, 0 elsewhere, (B, L). */
function marks(hidden: readonly number[], L: number, want: (step: number, hidden: number) => boolean): Float64Array {
  return Float64Array.from({ length: hidden.length * L }, (_, n) => (want(n % L, hidden[Math.floor(n / L)]) ? 1 : 0));
}

export async function buildMaskedRegression(
  device: Device,
  config: MaskedRegressionConfig,
  streams: Streams,
): Promise<MaskedRegression> {
  return new MaskedRegression(device, config, await loadMixers(config.blocks), streams);
}

/** Sizes of a model at this batch and length, from a dry run that allocates nothing. */
export async function estimateMaskedRegression(
  config: MaskedRegressionConfig,
  batch: number,
  length = config.length,
): Promise<ModelEstimate> {
  const mixers = await loadMixers(config.blocks);
  return dryRun((device) => {
    const model = new MaskedRegression(device, config, mixers, new Streams(0), false);
    return {
      store: model.store,
      run(t) {
        const times = config.timeStamps ? t.empty([batch, length], 'i32') : null;
        const hidden = new Array<number>(batch).fill(length - 1);
        return model.loss(t, { x: t.empty([batch, length, config.dims]), times, hidden }).loss;
      },
    };
  });
}
