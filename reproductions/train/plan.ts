/** Everything that decides what a training run computes. Equal plans and seeds give the same run, bit for bit. */

import type { ClassifierConfig } from '../../models/networks/classifier.ts';
import type { Schedule } from '../../models/training/schedule.ts';
import { UsageError } from '../../results/terminal/errors.ts';
import type { Dataset } from '../data/dataset.ts';

export interface TrainingPlan {
  network: ClassifierConfig;
  /** Examples per optimiser step; each step is made of `accumulation` equal micro-batches. */
  batch: number;
  accumulation: number;
  lr: number;
  weightDecay: number;
  betas: readonly [number, number];
  /** Largest global norm of the gradients; null: no clipping. */
  clip: number | null;
  schedule: Schedule;
  steps: number;
  /** Steps between evaluations on the validation split (each is followed by a checkpoint). */
  evaluateEvery: number;
  /** Examples per batch in evaluations. */
  evaluationBatch: number;
  seed: number;
}

/**
 * The network of a plan for these very data: their vocabulary and number of classes (a stand-in has other ones than the
 * published data), and a length that holds their longest sequence. Throws when their input is of another kind.
 */
export function fitted(network: ClassifierConfig, { id, input, classes, length }: Dataset): ClassifierConfig {
  const own = network.input;
  if (own.kind !== input.kind)
    throw new UsageError(`${id} holds ${input.kind} sequences and the network takes ${own.kind} ones`);
  const same = { ...network, classes, length: Math.max(network.length, length) };
  if (own.kind === 'tokens' && input.kind === 'tokens')
    return { ...same, input: { ...own, vocabulary: input.vocabulary } };
  return { ...same, input: own.kind === 'real' && input.kind === 'real' ? { ...own, dims: input.dims } : own };
}
