/** Everything that decides what a training run computes. Equal plans and seeds give the same run, bit for bit. */
import type { ClassifierConfig } from '../../models/networks/classifier.ts';
import type { LanguageModelConfig } from '../../models/networks/language-model.ts';
import type { MaskedRegressionConfig } from '../../models/networks/masked-regression.ts';
import type { PlateauOptions, Schedule } from '../../models/training/schedule.ts';
import { UsageError } from '../../results/terminal/errors.ts';
import type { AnyDataset, Dataset, FunctionDataset, SeriesDataset, TokenDataset } from '../data/dataset.ts';
import type { Metric } from './metrics.ts';

/** A network and the kind of data that it learns from. */
export type Work =
  | { task: 'classification'; network: ClassifierConfig }
  | { task: 'tokens'; network: LanguageModelConfig }
  | { task: 'series'; network: MaskedRegressionConfig }
  | { task: 'functions'; network: ClassifierConfig };

export interface Method {
  /** Examples per optimiser step; each step is made of `accumulation` equal micro-batches. */
  batch: number;
  accumulation: number;
  lr: number;
  weightDecay: number;
  /** What decays: every parameter that has no decay of its own (default), or no bias, norm and embedding. */
  decayed?: 'all' | 'maps';
  betas: readonly [number, number];
  /** Largest global norm of the gradients; null: no clipping. */
  clip: number | null;
  schedule: Schedule;
  /** Lowers the rate further when the validation loss no longer falls (PyTorch's ReduceLROnPlateau). */
  plateau?: PlateauOptions;
  /** Stop after so many evaluations on the validation split without a better one. */
  patience?: number;
  /** Stop when the validation accuracy is 1: the first step that is best is tested, so no later one could be. */
  untilPerfect?: boolean;
  steps: number;
  /** Steps between evaluations on the validation split (each is followed by a checkpoint). */
  evaluateEvery: number;
  /** Examples per batch in evaluations. */
  evaluationBatch: number;
  /** What the best step is chosen by, on the validation split, and what is reported. */
  metric: Metric;
}

/** The plan of a run, without its seed. */
export type UnseededPlan = Method & Work;
export type TrainingPlan = UnseededPlan & { seed: number };

/**
 * The plan for these very data: their vocabulary and number of classes (a stand-in has other ones than the published
 * data), and a length that holds their longest sequence. Throws when they are of another kind than the network takes.
 */
export function fitted(plan: UnseededPlan, data: AnyDataset): UnseededPlan {
  if (plan.task === 'classification' && data.task === 'classification')
    return { ...plan, network: classifierFor(plan.network, data) };
  if (plan.task === 'tokens' && data.task === 'tokens')
    return { ...plan, network: languageModelFor(plan.network, data) };
  if (plan.task === 'series' && data.task === 'series') return { ...plan, network: seriesFor(plan.network, data) };
  if (plan.task === 'functions' && data.task === 'functions')
    return { ...plan, network: functionsFor(plan.network, data) };
  throw new UsageError(`${data.id} is data for ${data.task}, and the network is for ${plan.task}`);
}

const longEnough = (network: { length: number }, { length }: AnyDataset): number => Math.max(network.length, length);

function classifierFor(network: ClassifierConfig, data: Dataset): ClassifierConfig {
  const { input, classes } = data;
  const own = network.input;
  if (own.kind !== input.kind)
    throw new UsageError(`${data.id} holds ${input.kind} sequences and the network takes ${own.kind} ones`);
  const same = { ...network, classes, length: longEnough(network, data) };
  if (own.kind === 'tokens' && input.kind === 'tokens')
    return { ...same, input: { ...own, vocabulary: input.vocabulary } };
  return { ...same, input: own.kind === 'real' && input.kind === 'real' ? { ...own, dims: input.dims } : own };
}

/** A table may have more rows than there are tokens (padded to a multiple of 8), never fewer. */
const languageModelFor = (network: LanguageModelConfig, data: TokenDataset): LanguageModelConfig => ({
  ...network,
  vocabulary: Math.max(network.vocabulary, data.vocabulary),
  length: longEnough(network, data),
});

const seriesFor = (network: MaskedRegressionConfig, data: SeriesDataset): MaskedRegressionConfig => ({
  ...network,
  dims: data.regions,
  timeStamps: network.timeStamps ? data.stamps : 0,
  length: longEnough(network, data),
});

const functionsFor = (network: ClassifierConfig, data: FunctionDataset): ClassifierConfig => ({
  ...network,
  input: { kind: 'real', dims: data.dims },
  classes: data.dims,
  length: longEnough(network, data),
});
