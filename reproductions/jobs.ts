/** One run of a claim: (task, model, scale, seed) on a device. Its folder, its lock, and the evidence it leaves. */
import { existsSync, mkdirSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '../kernels/device/device.ts';
import { appendEvidence, type Evidence } from '../results/evidence.ts';
import { provenance, runsFolder } from '../results/provenance.ts';
import { configHash, newId } from '../results/record.ts';
import type { FurtherTest, Scale, TrainingClaim } from './claim.ts';
import type { AnyDataset } from './data/dataset.ts';
import type { Baseline } from './data/definition.ts';
import { finishedRun } from './evidence-of.ts';
import type { Guess } from './guess.ts';
import { lock } from './lock.ts';
import { drawCourse, drawKernels, type LearnedKernel } from './pictures.ts';
import { type LoopOptions, type LoopResult, trainLoop } from './train/loop.ts';
import type { TrainingPlan } from './train/plan.ts';

export interface Job {
  claim: TrainingClaim;
  task: string;
  model: string;
  scale: Scale;
  plan: TrainingPlan;
  dataset: AnyDataset;
  /** What is had without learning, and by simple methods, on the test split. */
  guess: Guess;
  baselines: readonly Baseline[];
  device: Device;
  /** What the trained model is tested on besides. */
  further?: readonly FurtherTest[];
}

export interface JobOptions extends Pick<LoopOptions, 'signal' | 'budget' | 'report'> {
  /** Start over; what was there is kept under another name. */
  fresh: boolean;
  argv: readonly string[];
}

export interface JobResult {
  folder: string;
  /** Absent when the run was stopped before its end. */
  evidence: Evidence | null;
  /** The evidence is of an earlier run of the same configuration. */
  earlier: boolean;
  outcome: LoopResult['outcome'];
  step: number;
}

/** Everything that decides what is computed, as JSON holds it: an option that is undefined is not there. */
export function jobConfig({ claim, task, model, scale, plan, dataset, device, further }: Job): Record<string, unknown> {
  const config = {
    ...{ claim: claim.id, task, model, scale, plan },
    data: { id: dataset.id, kind: dataset.kind, checksum: dataset.checksum },
    device: device.info.id.split(':')[0],
    ...(further?.length
      ? { further: further.map(({ task, data, rate }) => ({ task, rate, data: data.id, checksum: data.checksum })) }
      : {}),
  };
  return JSON.parse(JSON.stringify(config));
}

function jobFolder({ claim, task, model, scale, plan }: Job, hash: string): string {
  const name = `${task}-${model}-seed${plan.seed}-${hash.slice(0, 8)}`;
  return join(runsFolder(), 'repro', claim.id, scale, name);
}

export async function runJob(job: Job, options: JobOptions): Promise<JobResult> {
  const { claim, task, model, scale, plan, dataset, device, guess, baselines } = job;
  const config = jobConfig(job);
  const hash = configHash(config);
  const folder = jobFolder(job, hash);
  const earlier = (): JobResult | null => {
    const done = finishedRun(claim, config);
    return done ? { folder, evidence: done, earlier: true, outcome: 'finished', step: done.steps } : null;
  };
  const before = options.fresh ? null : earlier();
  if (before) return before;
  if (options.fresh) putAway(folder);
  mkdirSync(folder, { recursive: true });
  const unlock = lock(folder);
  try {
    // Another process may have ended this very run since.
    const meanwhile = options.fresh ? null : earlier();
    if (meanwhile) return meanwhile;
    device.memory.resetPeak();
    const loop: LoopOptions = { folder, configHash: hash, config };
    if (options.signal) loop.signal = options.signal;
    if (options.budget !== undefined) loop.budget = options.budget;
    if (options.report) loop.report = options.report;
    let kernels: LearnedKernel[] = [];
    const further: NonNullable<Evidence['further']> = [];
    loop.finished = async (session) => {
      const title = `${claim.models[model].title} on ${claim.tasks[task]}, ${scale} scale, seed ${plan.seed}`;
      drawCourse(session, folder, title, guess);
      kernels = await drawKernels(session, folder, title);
      for (const { task, data, rate } of job.further ?? []) {
        const { loss, value, count } = await session.testOn(data, rate, () => options.signal?.throwIfAborted());
        const { id, kind, description, checksum } = data;
        further.push({ task, rate, loss, value, count, data: { id, kind, description, checksum } });
      }
    };
    const result = await trainLoop(device, dataset, plan, loop);
    const { outcome, step, test, validation, bestStep } = result;
    if (outcome !== 'finished' || !test || !validation || bestStep === null)
      return { folder, evidence: null, earlier: false, outcome, step };
    const { id, name, vendor, driver, features, software, threads } = device.info;
    const bytes =
      dataset.task === 'tokens' && dataset.bytesPerToken ? { bytes_per_token: dataset.bytesPerToken('test') } : {};
    const evidence: Evidence = {
      schema: 'longconv-evidence-2',
      id: newId(),
      time: new Date().toISOString(),
      ...{ claim: claim.id, task, model, scale, seed: plan.seed },
      ...provenance(options.argv),
      device: { id, name, vendor, driver, features, software, threads: threads ?? null },
      config: config as Evidence['config'],
      config_hash: hash,
      data: {
        id: dataset.id,
        kind: dataset.kind,
        description: dataset.description,
        checksum: dataset.checksum,
        ...bytes,
      },
      ...{ metric: plan.metric, guess },
      baselines: baselines.map(({ method, metric, value }) => ({ method, metric, value })),
      kernels,
      ...{ parameters: result.parameters, steps: step, best_step: bestStep, validation, test },
      ...(further.length ? { further } : {}),
      ...{ seconds: result.seconds, examples: result.examples, tokens: result.tokens },
      peak_bytes: device.memory.peak,
    };
    appendEvidence(evidence);
    return { folder, evidence, earlier: false, outcome, step };
  } finally {
    unlock();
  }
}

/** Renames a folder in which nobody works to `<folder>.old-<n>`. */
function putAway(folder: string): void {
  if (!existsSync(folder)) return;
  lock(folder);
  let n = 1;
  while (existsSync(`${folder}.old-${n}`)) n++;
  renameSync(folder, `${folder}.old-${n}`);
  unlinkSync(join(`${folder}.old-${n}`, 'lock'));
}
