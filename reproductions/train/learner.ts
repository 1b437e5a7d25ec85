/** A network with its loss, for the kind of data that it learns from: what a training step needs to know of a model. */
import type { Device } from '../../kernels/device/device.ts';
import { mul, sub } from '../../kernels/ops/binary/op.ts';
import { mean } from '../../kernels/ops/reduce/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { BlockKernel } from '../../models/networks/backbone.ts';
import { buildClassifier, estimateClassifier } from '../../models/networks/classifier.ts';
import type { ModelEstimate } from '../../models/networks/estimate.ts';
import { buildLanguageModel, estimateLanguageModel } from '../../models/networks/language-model.ts';
import { buildMaskedRegression, estimateMaskedRegression } from '../../models/networks/masked-regression.ts';
import type { ParameterStore } from '../../models/parameters.ts';
import type { AnyDataset, FunctionHostBatch, HostBatch, SeriesHostBatch, TokenHostBatch } from '../data/dataset.ts';
import { counted, countRight, type Measured, type Metric } from './metrics.ts';
import type { Work } from './plan.ts';

export type AnyHostBatch = ReturnType<AnyDataset['batch']>;

export interface Learner {
  store: ParameterStore;
  /**
   * The mean loss of a batch (1), and what it came to once it has been computed. `rate`: the batch has every so-manieth
   * sample of sequences as in training; classifiers alone can take it.
   */
  loss(t: Tape, batch: AnyHostBatch, rate?: number): { loss: Tensor; measure(): Promise<Measured> };
  /** The convolution kernels of its blocks. */
  kernels(t: Tape): BlockKernel[];
  /** What its mean loss is a mean of: sequences, tokens that are to be predicted, hidden steps. */
  predictions(batch: AnyHostBatch): number;
  /** Steps of the batch's sequences that are not padding. */
  tokens(batch: AnyHostBatch): number;
}

export async function buildLearner(device: Device, work: Work, metric: Metric, streams: Streams): Promise<Learner> {
  switch (work.task) {
    case 'classification':
      return classification(await buildClassifier(device, work.network, streams));
    case 'tokens':
      return tokens(await buildLanguageModel(device, work.network, streams), metric);
    case 'series':
      return series(await buildMaskedRegression(device, work.network, streams));
    case 'functions':
      return functions(await buildClassifier(device, work.network, streams));
  }
}

/** Memory and work of a training step of `batch` examples of `length` steps, from a dry run. */
export function estimateLearner(work: Work, batch: number, length: number): Promise<ModelEstimate> {
  switch (work.task) {
    case 'classification':
    case 'functions':
      return estimateClassifier(work.network, batch, length);
    case 'tokens':
      return estimateLanguageModel(work.network, batch, length);
    case 'series':
      return estimateMaskedRegression(work.network, batch, length);
  }
}

const sum = (values: Int32Array): number => values.reduce((a, b) => a + b, 0);

function classification(model: Awaited<ReturnType<typeof buildClassifier>>): Learner {
  return {
    store: model.store,
    kernels: (t) => model.kernels(t),
    predictions: ({ B }) => B,
    tokens: (batch) => {
      const { lengths, rows, L } = batch as HostBatch;
      return lengths ? sum(lengths) : rows * L;
    },
    loss(t, batch, rate = 1) {
      const { x, lengths, targets, B, rows, L } = batch as HostBatch;
      const { loss, logits } = model.loss(t, {
        x: x instanceof Int32Array ? t.tensor(x, [rows, L], 'i32') : t.tensor(x, [rows, L, x.length / (rows * L)]),
        lengths: lengths && t.tensor(lengths, [rows], 'i32'),
        targets: t.tensor(targets, [B], 'i32'),
        rate,
      });
      const measure = async () => ({ loss: await loss.item(), ...countRight(await logits.read(), targets) });
      return { loss, measure };
    },
  };
}

/** Logits over a large vocabulary are read only where the answers count, not where the perplexity does. */
function tokens(model: Awaited<ReturnType<typeof buildLanguageModel>>, metric: Metric): Learner {
  return {
    store: model.store,
    kernels: (t) => model.kernels(t),
    predictions: (batch) => counted((batch as TokenHostBatch).targets),
    tokens: ({ B, L }) => B * L,
    loss(t, batch) {
      const { x, targets, B, L } = batch as TokenHostBatch;
      const { loss, logits } = model.loss(t, {
        x: t.tensor(x, [B, L], 'i32'),
        targets: t.tensor(targets, [B, L], 'i32'),
      });
      const measure = async () => ({
        loss: await loss.item(),
        ...(metric === 'accuracy'
          ? countRight(await logits.read(), targets)
          : { count: counted(targets), right: null }),
      });
      return { loss, measure };
    },
  };
}

function series(model: Awaited<ReturnType<typeof buildMaskedRegression>>): Learner {
  return {
    store: model.store,
    kernels: (t) => model.kernels(t),
    predictions: ({ B }) => B,
    tokens: (batch) => sum((batch as SeriesHostBatch).lengths),
    loss(t, batch) {
      const { x, times, hidden, B, L } = batch as SeriesHostBatch;
      const { loss } = model.loss(t, {
        x: t.tensor(x, [B, L, x.length / (B * L)]),
        times: t.tensor(times, [B, L], 'i32'),
        hidden: [...hidden],
      });
      return { loss, measure: async () => ({ loss: await loss.item(), count: B, right: null }) };
    },
  };
}

/** The classifier's network with a number for each "class": the value of the function at the last step. */
function functions(model: Awaited<ReturnType<typeof buildClassifier>>): Learner {
  return {
    store: model.store,
    kernels: (t) => model.kernels(t),
    predictions: ({ B }) => B,
    tokens: ({ B, L }) => B * L,
    loss(t, batch) {
      const { x, y, B, L } = batch as FunctionHostBatch;
      const dims = y.length / B;
      const loss = t.scope(() => {
        const given = t.tensor(x, [B, L, x.length / (B * L)]);
        const error = sub(t, model.logits(t, { x: given, lengths: null }), t.tensor(y, [B, dims]));
        return mean(t, mul(t, error, error), [0, 1]);
      });
      return { loss: t.reshape(loss, [1]), measure: async () => ({ loss: await loss.item(), count: B, right: null }) };
    },
  };
}
