/** What the claims about synthetic languages share: their plans, and data that are made here and nowhere else. */
import type { LanguageModelConfig } from '../models/networks/language-model.ts';
import type { Schedule } from '../models/training/schedule.ts';
import type { DataOptions } from './claim.ts';
import { UsageError } from './errors.ts';
import type { UnseededPlan } from './train/plan.ts';

export interface SyntheticRun {
  batch: number;
  lr: number;
  weightDecay: number;
  betas: readonly [number, number];
  schedule: 'linear' | 'cosine';
  minFactor: number;
  /** How the schedule begins, where it does not at 0 with the cosine after the warm-up. */
  begin?: Pick<Schedule, 'warmupFrom' | 'cosineFrom'>;
  warmup: number;
  steps: number;
  evaluateEvery: number;
  evaluationBatch: number;
}

/** Training counts every token or the answer alone, as the language says; judged are answers. */
export function syntheticPlan(network: LanguageModelConfig, run: SyntheticRun): UnseededPlan {
  const { schedule, minFactor, warmup, begin = { warmupFrom: 'zero' }, ...same } = run;
  return {
    ...{ task: 'tokens', network, metric: 'accuracy', accumulation: 1, clip: null, ...same },
    untilPerfect: true,
    schedule: { kind: schedule, warmup, total: run.steps, minFactor, ...begin },
  };
}

/** There are no published files of these languages, only recipes. */
export function offlineOnly(task: string, { data }: DataOptions): void {
  if (data !== 'auto' && data !== 'offline')
    throw new UsageError(
      `--data ${data}: ${task} is made here by its recipe, nobody published files of it: leave --data out`,
    );
}
