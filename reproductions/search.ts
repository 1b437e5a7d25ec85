/** One trial of a search: a run at one rate, judged on the validation split alone, and the record that it leaves. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { provenance, runsFolder } from '../results/provenance.ts';
import { configHash, newId } from '../results/record.ts';
import { appendTrial, type Trial } from '../results/trials.ts';
import { type Job, jobConfig } from './jobs.ts';
import { lock } from './lock.ts';
import { DivergedError } from './train/divergence.ts';
import { type LoopOptions, type LoopResult, trainLoop } from './train/loop.ts';
import { finishedTrial } from './trials-of.ts';

export interface TrialOptions extends Pick<LoopOptions, 'signal' | 'budget' | 'report'> {
  argv: readonly string[];
}

export interface TrialResult {
  folder: string;
  /** Absent when the run was stopped before its end. */
  trial: Trial | null;
  earlier: boolean;
  outcome: LoopResult['outcome'];
}

/** Runs a trial, or finds it among those that were made. A run that diverges is a trial too: its rate is no good. */
export async function runTrial(
  job: Job,
  { rate, setting }: { rate: number; setting?: string | undefined },
  options: TrialOptions,
): Promise<TrialResult> {
  const { claim, task, model, scale, plan, dataset, device } = job;
  const config = jobConfig(job);
  const hash = configHash(config);
  const name = `${task}-${model}-rate${rate}${setting ? `-${setting}` : ''}-seed${plan.seed}-${hash.slice(0, 8)}`;
  const folder = join(runsFolder(), 'repro', claim.id, 'search', name);
  const done = finishedTrial(claim, config);
  if (done) return { folder, trial: done, earlier: true, outcome: 'finished' };
  mkdirSync(folder, { recursive: true });
  const unlock = lock(folder);
  const { argv, ...own } = options;
  const keep = (result: Pick<Trial, 'steps' | 'best_step' | 'validation' | 'diverged' | 'seconds'>) =>
    appendTrial({
      schema: 'longconv-trial-1',
      ...{ id: newId(), time: new Date().toISOString(), claim: claim.id, task, model, scale, seed: plan.seed, rate },
      ...(setting === undefined ? {} : { setting }),
      ...provenance(argv),
      ...{ config: config as Trial['config'], config_hash: hash },
      data: { id: dataset.id, kind: dataset.kind, checksum: dataset.checksum },
      ...{ metric: plan.metric, chosen_on: 'validation', ...result },
    });
  const begun = performance.now();
  try {
    const loop = { ...own, folder, configHash: hash, config, untested: true };
    const { outcome, step, bestStep, validation, seconds } = await trainLoop(device, dataset, plan, loop);
    if (outcome !== 'finished') return { folder, trial: null, earlier: false, outcome };
    const trial = keep({ steps: step, best_step: bestStep, validation, diverged: null, seconds });
    return { folder, trial, earlier: false, outcome };
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    const seconds = (performance.now() - begun) / 1000;
    const [sentence] = error.message.split('. ');
    const trial = keep({ steps: plan.steps, best_step: null, validation: null, diverged: sentence, seconds });
    return { folder, trial, earlier: false, outcome: 'finished' };
  } finally {
    unlock();
  }
}
