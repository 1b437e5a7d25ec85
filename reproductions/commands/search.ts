/** `repro search <claim>`: the same rates for every model, judged on validation data; every trial is kept. */
import process from 'node:process';
import { openDevice } from '../../kernels/device/registry.ts';
import { type Column, render } from '../../results/tables.ts';
import { choose, list } from '../../results/terminal/options.ts';
import { print, progress } from '../../results/terminal/output.ts';
import type { Trial } from '../../results/trials.ts';
import { claimIds, loadClaim, type RateSearch } from '../claim.ts';
import type { Options } from '../cli.ts';
import { exit, UsageError } from '../errors.ts';
import { guessOf } from '../guess.ts';
import { interruption } from '../interrupt.ts';
import { LiveReport, showValue } from '../live.ts';
import { deviceName, duration, seeds, steps } from '../options.ts';
import { runTrial } from '../search.ts';
import { ranked } from '../search-verify.ts';
import { fitted, type UnseededPlan } from '../train/plan.ts';
import { fitting, pick, prepare, shortened } from './run.ts';

const columns: Column[] = [
  { key: 'task', title: 'task' },
  { key: 'model', title: 'model' },
  { key: 'best', title: 'best rate', align: 'right' },
  { key: 'value', title: 'validation', align: 'right' },
  { key: 'others', title: 'the other rates' },
];

export async function run([id]: unknown[], options: Options): Promise<number> {
  const claim = await loadClaim(choose('claim', String(id), claimIds()));
  if (claim.kind !== 'training' || !claim.search)
    throw new UsageError(`${claim.id} has no rates to search: its configurations are published ones`);
  const { scale, tasks: usual, rates: known, settings = [] } = claim.search;
  const setting =
    options.setting === undefined ? settings.at(-1) : choose('setting', String(options.setting), settings);
  const tasks = pick('task', options.task, Object.keys(claim.tasks), [...usual]);
  const models = pick('model', options.models, Object.keys(claim.models), claim.defaults[scale].models);
  const rates = list(options.rates)?.map(rate) ?? known;
  const wanted = seeds(options.seeds ?? options.seed);
  const budget = duration(options.budget);
  const given = steps(options.steps);
  const device = await openDevice(deviceName(options.device));
  const begun = performance.now();
  const trials: Trial[] = [];
  try {
    for (const task of tasks) {
      const { dataset, baselines } = await prepare(claim, task, scale, String(options.data));
      for (const [model, lr, seed] of each(models, rates, wanted)) {
        const own = { ...fitted(trialPlan(claim.search, { model, task, rate: lr, setting }, given), dataset), seed };
        const guess = guessOf(dataset, own.metric, baselines);
        const job = await fitting({ claim, task, model, scale, plan: own, dataset, baselines, guess, device });
        const left = budget === undefined ? {} : { budget: Math.max(0, budget - (performance.now() - begun) / 1000) };
        const loop = { ...left, signal: interruption, report: new LiveReport(job), argv: process.argv.slice(2) };
        const { trial, outcome, folder } = await runTrial(job, { rate: lr, setting }, loop);
        progress.end();
        if (!trial) {
          progress.say(`stopped in ${folder}; the same command goes on from there`);
          await show(trials);
          return outcome === 'interrupted' ? exit.interrupted : exit.stopped;
        }
        trials.push(trial);
      }
    }
  } finally {
    await device.close();
  }
  await show(trials);
  return exit.done;
}

/** The plan of a trial: as many steps as were asked for, or the search's share of the claim's. */
export function trialPlan(
  { plan, share = 1 }: RateSearch,
  trial: { model: string; task: string; rate: number; setting?: string | undefined },
  given?: number,
): UnseededPlan {
  const whole = plan(trial.model, trial.task, trial.rate, trial.setting);
  return shortened(whole, { steps: given ?? Math.round(share * whole.steps), tokens: undefined });
}

/** Every model at every rate with every seed. */
const each = (models: readonly string[], rates: readonly number[], seeds: readonly number[]) =>
  models.flatMap((model) => rates.flatMap((rate) => seeds.map((seed) => [model, rate, seed] as const)));

function rate(word: string): number {
  const value = Number(word);
  if (!(value > 0 && value < 1)) throw new UsageError(`--rates ${word}: give learning rates such as 0.001,0.002`);
  return value;
}

async function show(trials: readonly Trial[]): Promise<void> {
  if (!trials.length) return;
  const names = [...new Set(trials.map(({ task, model }) => `${task} ${model}`))];
  const rows = names.map((name) => {
    const own = trials.filter(({ task, model }) => `${task} ${model}` === name);
    const [{ metric, task, model }] = own;
    const [best, ...others] = ranked(own);
    const diverged = [...new Set(own.filter((trial) => trial.diverged).map((trial) => trial.rate))];
    const rest = [
      ...others.map(({ rate, value }) => `${rate}: ${showValue(metric, value)}`),
      ...diverged.map((rate) => `${rate}: diverged`),
    ];
    const top = { best: best?.rate ?? null, value: best ? showValue(metric, best.value) : null };
    return { task, model, ...top, others: rest.join(', ') };
  });
  await print(render(rows, columns, 'table', ['Chosen on validation data; no trial has seen the test split.']));
}
