/** What runs came to: their curves, and the rows of the claims table. */
import { extname, join } from 'node:path';
import type { Evidence } from '../results/evidence.ts';
import { findRows, formatRow } from '../results/published/published.ts';
import type { PublishedRow } from '../results/published/schema.ts';
import type { Row } from '../results/record.ts';
import { mean } from '../results/statistics.ts';
import { appendRecord } from '../results/store.ts';
import { type Column, render } from '../results/tables.ts';
import type { Claim, Scale } from './claim.ts';
import { plot } from './curve.ts';
import { showBaseline } from './data/baselines.ts';
import { writeAtomically } from './data/cache.ts';
import type { JobResult } from './jobs.ts';
import { Journal, type StepLine } from './train/journal.ts';
import type { Verdict } from './verdict.ts';

export interface Summary {
  task: string;
  model: string;
  scale: Scale;
  published: PublishedRow | null;
  /** Test accuracies in percent, by seed. */
  accuracies: number[];
  seeds: number[];
  /** Accuracy of always answering the most frequent class, percent. */
  guess: number;
  dataKind: string;
  /** What simple methods get on the same test split. */
  baselines: NonNullable<Evidence['baselines']>;
  parameters: number;
  steps: number;
  seconds: number;
  verdict: Verdict;
}

export function publishedFor(claim: Claim, task: string, model: string): PublishedRow | null {
  const name = claim.models[model]?.published;
  if (!name) return null;
  return findRows(claim.published, { model: name, task: claim.tasks[task] })[0] ?? null;
}

/** One row per task, model, scale and kind of data: seeds are put together, nothing else is. */
export function summaries(claim: Claim, runs: readonly Evidence[]): Summary[] {
  const groups = new Map<string, Evidence[]>();
  for (const run of runs) {
    const { plan } = run.config as { plan?: object };
    const key = JSON.stringify([run.task, run.model, run.scale, run.data.kind, { ...plan, seed: 0 }]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].map((group) => {
    const { task, model, scale, data, parameters, steps } = group[0];
    const published = publishedFor(claim, task, model);
    const accuracies = group.map((run) => 100 * run.test.accuracy);
    return {
      ...{ task, model, scale, published, accuracies, seeds: group.map((run) => run.seed) },
      guess: 100 * group[0].guess.accuracy,
      dataKind: data.kind,
      baselines: group[0].baselines ?? [],
      ...{ parameters, steps, seconds: mean(group.map((run) => run.seconds)) },
      verdict: claim.verdict({
        ...{ published, accuracies, scale, kind: data.kind },
        guess: 100 * group[0].guess.accuracy,
        examples: group[0].test.examples,
      }),
    };
  });
}

export const columns: Column[] = [
  { key: 'task', title: 'task' },
  { key: 'model', title: 'model' },
  { key: 'published', title: 'published %', align: 'right' },
  { key: 'ours', title: 'ours %', align: 'right' },
  { key: 'guess', title: 'guess %', align: 'right' },
  { key: 'scale', title: 'scale' },
  { key: 'data', title: 'data' },
  { key: 'parameters', title: 'parameters', align: 'right' },
  { key: 'steps', title: 'steps', align: 'right' },
  { key: 'verdict', title: 'verdict' },
];

export const rowOf = (claim: Claim, s: Summary): Row => {
  const spread = s.accuracies.length > 1 ? ` (${s.accuracies.map((a) => a.toFixed(1)).join(', ')})` : '';
  return {
    task: claim.tasks[s.task],
    model: claim.models[s.model].title,
    published: s.published ? formatRow(s.published) : '-',
    ours: `${mean(s.accuracies).toFixed(2)}${spread}`,
    guess: s.guess.toFixed(1),
    scale: s.scale,
    data: s.dataKind.split(':')[0],
    parameters: s.parameters,
    steps: s.steps,
    verdict: s.verdict.kind,
  };
};

export function showSummaries(claim: Claim, all: readonly Summary[]): string {
  const rows = all.map((s) => rowOf(claim, s));
  const notes = [
    ...new Set(all.map((s) => `${claim.models[s.model].title}, ${claim.tasks[s.task]}: ${s.verdict.sentence}.`)),
  ];
  const data = [...new Set(all.map((s) => s.dataKind).filter((kind) => kind.includes(':')))].map(
    (kind) => `Data: ${kind}.`,
  );
  return render(rows, columns, 'table', [...notes, ...data, ...simple(claim, all)]);
}

/** A model that stays below a simple method has learnt nothing worth a table. */
function simple(claim: Claim, all: readonly Summary[]): string[] {
  const lines = all
    .filter(({ baselines }) => baselines.some(({ method }) => method !== 'majority class'))
    .map(({ task, baselines }) => {
      const values = baselines.map(({ method, metric, value }) => `${method} ${showBaseline(metric, value)}`);
      return `Simple methods on the same test split of ${claim.tasks[task]}: ${values.join(', ')}.`;
    });
  return [...new Set(lines)];
}

/** The curves of a run, from its journal. */
export function showRun(claim: Claim, { folder, evidence }: JobResult): string {
  const lines = new Journal(join(folder, 'journal.jsonl')).read();
  const steps = lines.filter((line) => line.event === 'step');
  const evaluations = lines.filter((line) => line.event === 'evaluation' && line.split === 'validation');
  if (!steps.length) return '';
  const loss = { x: steps.map((s) => s.step), y: steps.map((s) => s.loss) };
  const accuracy = {
    x: evaluations.map((e) => ('step' in e ? e.step : 0)),
    y: evaluations.map((e) => ('accuracy' in e ? 100 * e.accuracy : 0)),
  };
  const name = evidence
    ? `${claim.tasks[evidence.task]}, ${claim.models[evidence.model].title}, seed ${evidence.seed}`
    : '';
  const level = (value: number | null | undefined) => (typeof value === 'number' ? { level: value } : {});
  const text = [
    plot(`Training loss ${name}`.trim(), loss, level(evidence?.guess.loss)),
    plot(`Validation accuracy, % ${name}`.trim(), accuracy, level(evidence && 100 * evidence.guess.accuracy)),
  ];
  if (evidence) {
    text.push('(dashes: what always answering the most frequent class gets)');
    const { test, best_step, seconds, tokens } = evidence;
    text.push(
      `Test accuracy ${(100 * test.accuracy).toFixed(2)} % and loss ${test.loss.toFixed(4)} on ${test.examples} examples, with the ` +
        `parameters of step ${best_step}; ${seconds.toFixed(0)} s of training, ${Math.round(tokens / seconds)} tokens/s` +
        waiting(steps),
    );
  }
  return `${text.join('\n')}\n`;
}

/** How much of its time the training waited for its data, and how fast they could come. */
function waiting(steps: readonly StepLine[]): string {
  const timed = steps.filter((s) => s.waited !== undefined);
  const total = timed.reduce((sum, s) => sum + s.seconds, 0);
  const waited = timed.reduce((sum, s) => sum + (s.waited ?? 0), 0);
  return total > 0 ? `, ${((100 * waited) / total).toFixed(2)} % of them waiting for data` : '';
}

/** Keeps results in a file: .csv, .md and .json as such, anything else as records (JSON Lines). */
export function keep(file: string, claim: Claim, runs: readonly Evidence[], all: readonly Summary[]): void {
  const rows = all.map((s) => rowOf(claim, s));
  const kind = extname(file);
  const write = (text: string) => writeAtomically(file, [new TextEncoder().encode(`${text}\n`)]);
  if (kind === '.csv') write(render(rows, columns, 'csv'));
  else if (kind === '.md')
    write(
      render(
        rows,
        columns,
        'md',
        all.map((s) => s.verdict.sentence),
      ),
    );
  else if (kind === '.json') write(JSON.stringify({ claim: claim.id, runs, summary: all }, null, 1));
  else for (const run of runs) appendRecord(file, run);
}
