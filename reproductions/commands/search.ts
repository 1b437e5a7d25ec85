/** `repro search <claim>`: the same rates for every model, judged on validation data; every trial is kept. */
import process from 'node:process';
import { openDevice } from '../../kernels/device/registry.ts';
import { type Column, render } from '../../results/tables.ts';
import { choose, list } from '../../results/terminal/options.ts';
import { print, progress } from '../../results/terminal/output.ts';
import type { Trial } from '../../results/trials.ts';
import { claimIds, loadClaim } from '../claim.ts';
import type { Options } from '../cli.ts';
import { exit, UsageError } from '../errors.ts';
import { guessOf } from '../guess.ts';
import { interruption } from '../interrupt.ts';
import { LiveReport, showValue } from '../live.ts';
import { deviceName, duration, seeds, steps } from '../options.ts';
import { runTrial } from '../search.ts';
import { ranked } from '../search-verify.ts';
import { fitted } from '../train/plan.ts';
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
  const { scale, task: usual, rates: known, settings = [], plan } = claim.search;
  const setting =
    options.setting === undefined ? settings.at(-1) : choose('setting', String(options.setting), settings);
  const [task, ...more] = pick('task', options.task, Object.keys(claim.tasks), [usual]);
  if (more.length) throw new UsageError('--task: a search is of one task');
  const models = pick('model', options.models, Object.keys(claim.models), claim.defaults[scale].models);
  const rates = list(options.rates)?.map(rate) ?? known;
  const wanted = seeds(options.seeds ?? options.seed);
  const budget = duration(options.budget);
  const length = { steps: steps(options.steps), tokens: undefined };
  const device = await openDevice(deviceName(options.device));
  const begun = performance.now();
  const trials: Trial[] = [];
  try {
    const { dataset, baselines } = await prepare(claim, task, scale, String(options.data));
    for (const model of models)
      for (const lr of rates)
        for (const seed of wanted) {
          const own = { ...fitted(shortened(plan(model, task, lr, setting), length), dataset), seed };
          const guess = guessOf(dataset, own.metric, baselines);
          const job = await fitting({ claim, task, model, scale, plan: own, dataset, baselines, guess, device });
          const left = budget === undefined ? {} : { budget: Math.max(0, budget - (performance.now() - begun) / 1000) };
          const loop = { ...left, signal: interruption, report: new LiveReport(job), argv: process.argv.slice(2) };
          const { trial, outcome, folder } = await runTrial(job, { rate: lr, setting }, loop);
          progress.end();
          if (trial) trials.push(trial);
          else {
            progress.say(`stopped in ${folder}; the same command goes on from there`);
            await show(trials);
            return outcome === 'interrupted' ? exit.interrupted : exit.stopped;
          }
        }
  } finally {
    await device.close();
  }
  await show(trials);
  return exit.done;
}

function rate(word: string): number {
  const value = Number(word);
  if (!(value > 0 && value < 1)) throw new UsageError(`--rates ${word}: give learning rates such as 0.001,0.002`);
  return value;
}

async function show(trials: readonly Trial[]): Promise<void> {
  if (!trials.length) return;
  const models = [...new Set(trials.map((trial) => trial.model))];
  const rows = models.map((model) => {
    const own = trials.filter((trial) => trial.model === model);
    const [{ metric, task }] = own;
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
