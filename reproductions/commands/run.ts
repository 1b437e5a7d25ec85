/** `repro run <claim>`: trains and evaluates, or measures, and holds the result against the published number. */
import process from 'node:process';
import { openDevice } from '../../kernels/device/registry.ts';
import { showBytes } from '../../results/tables.ts';
import { memoryLimit } from '../../results/terminal/memory.ts';
import { choose, list } from '../../results/terminal/options.ts';
import { print, progress } from '../../results/terminal/output.ts';
import { claimIds, loadClaim, type Scale, scales, type TrainingClaim } from '../claim.ts';
import type { Options } from '../cli.ts';
import { type Compared, comparisonsOf, showComparisons } from '../comparison.ts';
import { baselinesOf } from '../data/baselines.ts';
import type { AnyDataset } from '../data/dataset.ts';
import type { Baseline } from '../data/definition.ts';
import { exit, UsageError } from '../errors.ts';
import { evidenceOf } from '../evidence-of.ts';
import { guessOf } from '../guess.ts';
import { interruption } from '../interrupt.ts';
import { type Job, type JobResult, runJob } from '../jobs.ts';
import { LiveReport } from '../live.ts';
import { accumulation, deviceName, duration, requireWritable, seeds, steps, tokens } from '../options.ts';
import { type Summary, summaries } from '../results.ts';
import { keep, showSummaries } from '../results-table.ts';
import { showRun } from '../run-report.ts';
import { estimateLearner } from '../train/learner.ts';
import { fitted, type UnseededPlan } from '../train/plan.ts';
import { fetchReal } from './data/fetch.ts';
import { measure } from './measure.ts';

export async function run([id]: unknown[], options: Options): Promise<number> {
  const claim = await loadClaim(choose('claim', String(id), claimIds()));
  const scale = choose('scale', String(options.scale), scales);
  return claim.kind === 'measurement' ? measure(claim, scale, options) : train(claim, scale, options);
}

async function train(claim: TrainingClaim, scale: Scale, options: Options): Promise<number> {
  const tasks = pick('task', options.task, Object.keys(claim.tasks), claim.defaults[scale].tasks);
  const models = pick('model', options.models, Object.keys(claim.models), claim.defaults[scale].models);
  const wanted = seeds(options.seeds ?? options.seed);
  const budget = duration(options.budget);
  const length = { steps: steps(options.steps), tokens: tokens(options.tokens) };
  const name = deviceName(options.device);
  const parts = accumulation(options.accumulation);
  const plans = tasks.flatMap((task) =>
    models.map((model) => ({ task, model, plan: divided(shortened(claim.plan(model, task, scale), length), parts) })),
  );
  if (options.out !== undefined) requireWritable(String(options.out));
  const device = await openDevice(name);
  const begun = performance.now();
  const results: JobResult[] = [];
  try {
    const sets = new Map<string, Prepared>();
    for (const { task, model, plan } of plans)
      for (const seed of wanted) {
        const prepared = sets.get(task) ?? (await prepare(claim, task, scale, String(options.data)));
        sets.set(task, prepared);
        const { dataset, baselines } = prepared;
        const guess = guessOf(dataset, plan.metric, baselines);
        const further = await claim.further?.(task, model, scale, { data: String(options.data), signal: interruption });
        const own = {
          ...{ plan: { ...fitted(plan, dataset), seed }, dataset, baselines, guess },
          ...(further ? { further } : {}),
        };
        const job = await fitting({ claim, task, model, scale, ...own, device });
        const result = await runOne(job, options, budget, begun);
        results.push(result);
        if (result.outcome !== 'finished') return await ended(claim, result, results, options);
      }
  } finally {
    await device.close();
  }
  await show(claim, results, options);
  return exit.done;
}

export const pick = (kind: string, given: unknown, known: string[], usual: string[]): string[] =>
  (list(given) ?? usual).map((word) => choose(kind, word, known));

/** `--steps`, `--tokens`: another length of training; the schedule ends with it, the warm-up keeps its share. */
export function shortened(
  plan: UnseededPlan,
  length: { steps: number | undefined; tokens: number | undefined },
): UnseededPlan {
  if (length.steps !== undefined && length.tokens !== undefined)
    throw new UsageError('--steps and --tokens both say how long to train: give one of them');
  const perStep = plan.batch * plan.network.length;
  const total = length.steps ?? (length.tokens === undefined ? undefined : Math.ceil(length.tokens / perStep));
  if (total === undefined) return plan;
  const warmup = Math.round((plan.schedule.warmup * total) / plan.steps);
  return {
    ...plan,
    steps: total,
    schedule: { ...plan.schedule, warmup, total },
    evaluateEvery: Math.min(plan.evaluateEvery, total),
  };
}

/** `--accumulation`: the batch in that many parts, for machines with less memory. */
function divided(plan: UnseededPlan, parts: number | undefined): UnseededPlan {
  if (parts === undefined) return plan;
  if (plan.batch % parts !== 0)
    throw new UsageError(
      `--accumulation ${parts}: the batch of ${plan.batch} cannot be divided into ${parts} equal parts`,
    );
  return { ...plan, accumulation: parts };
}

/**
 * The job with its batches divided until a part fits into memory, found out before anything is allocated. Batch norm
 * then sees the parts, so the division is a part of the configuration. Throws when one example alone does not fit.
 */
export async function fitting(job: Job): Promise<Job> {
  const { task, model, plan, dataset, device } = job;
  const limit = memoryLimit(device);
  for (let accumulation = plan.accumulation; accumulation <= plan.batch; accumulation++) {
    if (plan.batch % accumulation) continue;
    const part = plan.batch / accumulation;
    const { trainingBytes } = await estimateLearner(plan, part, dataset.length);
    if (trainingBytes <= limit.bytes) {
      if (accumulation > plan.accumulation)
        progress.say(
          `${model} on ${task}: batches of ${plan.batch} do not fit into ${showBytes(limit.bytes)} (${limit.source}); ` +
            `each is made in ${accumulation} parts of ${part}, about ${showBytes(trainingBytes)}`,
        );
      const evaluationBatch = Math.min(plan.evaluationBatch, Math.max(part, 1));
      return accumulation === plan.accumulation ? job : { ...job, plan: { ...plan, accumulation, evaluationBatch } };
    }
    if (part === 1)
      throw new UsageError(
        `${model} on ${task} needs about ${showBytes(trainingBytes)} for one sequence of ${dataset.length} and the limit ` +
          `is ${showBytes(limit.bytes)} (${limit.source}): try a smaller --scale, or a machine with more memory`,
      );
  }
  return job;
}

interface Prepared {
  dataset: AnyDataset;
  baselines: Baseline[];
}

export async function prepare(claim: TrainingClaim, task: string, scale: Scale, data: string): Promise<Prepared> {
  const start = performance.now();
  const dataset = await claim.openData(task, scale, {
    data,
    signal: interruption,
    fetch: (definition) => fetchReal(definition, interruption),
    progress: (done, all) => progress.live(`preparing ${task}: ${done} of ${all} samples`),
  });
  progress.end();
  const kind = dataset.kind.split(':')[0];
  progress.say(`data, ${kind}: ${dataset.description}: ready in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  const baselines = await baselinesOf(dataset, {
    signal: interruption,
    progress: (done, all) => progress.live(`simple methods on ${task}: ${done} of ${all}`),
  });
  progress.end();
  return { dataset, baselines };
}

async function runOne(job: Job, options: Options, budget: number | undefined, begun: number): Promise<JobResult> {
  const left = budget === undefined ? undefined : Math.max(0, budget - (performance.now() - begun) / 1000);
  const report = new LiveReport(job);
  const result = await runJob(job, {
    fresh: options.fresh === true,
    argv: process.argv.slice(2),
    signal: interruption,
    report,
    ...(left === undefined ? {} : { budget: left }),
  });
  progress.end();
  if (result.earlier)
    progress.say(`${report.name} was finished on ${result.evidence?.time.slice(0, 16)}: --fresh runs it again`);
  return result;
}

async function ended(claim: TrainingClaim, last: JobResult, results: JobResult[], options: Options): Promise<number> {
  await show(claim, results, options);
  const where = last.step ? `checkpoint of step ${last.step} saved` : 'nothing was trained yet';
  const reason = last.outcome === 'interrupted' ? 'interrupted' : 'the budget is used up';
  progress.say(`${reason}: ${where} in ${last.folder}; the same command goes on from there`);
  return last.outcome === 'interrupted' ? exit.interrupted : exit.stopped;
}

async function show(claim: TrainingClaim, results: JobResult[], options: Options): Promise<void> {
  const done = results.flatMap((r) => (r.evidence ? [r.evidence] : []));
  const rows = summaries(claim, done);
  const compared = compareWithEarlier(claim, rows);
  if (options.json === true)
    await print(JSON.stringify({ claim: claim.id, runs: done, summary: rows, comparisons: compared }, null, 1));
  else {
    for (const result of results) await print(showRun(claim, result));
    if (rows.length) await print(showSummaries(claim, rows));
    if (compared.length) await print(`\n${showComparisons(compared)}`);
  }
  if (options.out !== undefined) keep(String(options.out), claim, done, rows);
}

/** What the runs come to beside those that were finished before, of the same tasks and scale. */
function compareWithEarlier(claim: TrainingClaim, rows: readonly Summary[]): Compared[] {
  const same = (s: Summary) => rows.some(({ task, scale }) => task === s.task && scale === s.scale);
  return comparisonsOf(claim, summaries(claim, evidenceOf(claim)).filter(same));
}
