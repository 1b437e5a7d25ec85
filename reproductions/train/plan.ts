/** Everything that decides what a training run computes. Equal plans and seeds give the same run, bit for bit. */

import type { ClassifierConfig } from '../../models/networks/classifier.ts';
import type { Schedule } from '../../models/training/schedule.ts';

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
