/** What runs came to: their curves, and the rows of the claims table. */
import { extname, join } from 'node:path';
import type { Evidence } from '../results/evidence.ts';
import { findRows, formatRow } from '../results/published/published.ts';
import type { PublishedRow } from '../results/published/schema.ts';
import type { Row } from '../results/record.ts';
import { mean, tInterval } from '../results/statistics.ts';
import { appendRecord } from '../results/store.ts';
import { type Column, render } from '../results/tables.ts';
import { beside } from './beside.ts';
import type { Scale, TrainingClaim } from './claim.ts';
import { departures } from './configured.ts';
import { plot } from './curve.ts';
import { showBaseline } from './data/baselines.ts';
import { writeAtomically } from './data/cache.ts';
import type { JobResult } from './jobs.ts';
import { type EvaluationLine, Journal, type JournalLine, type StepLine } from './train/journal.ts';
import type { Metric } from './train/metrics.ts';
import { decides, type Results, usualVerdict, type Verdict } from './verdict.ts';

export interface Summary {
  task: string;
  model: string;
  scale: Scale;
  published: PublishedRow | null;
  metric: Metric;
  /** Test results by seed: accuracies in percent, everything else in its own unit. */
  values: number[];
  seeds: number[];
  /** The same without learning. */
  guess: number;
  dataKind: string;
  checksum: string;
  /** Where the configuration is not the claim's (`configured.ts`). */
  departures: string[];
  /** What simple methods get on the same test split. */
  baselines: NonNullable<Evidence['baselines']>;
  /** Bits per byte, or the distance from the best possible error, as a sentence; null: neither is known. */
  beside: string | null;
  parameters: number;
  /** Of the shortest and the longest run: one may end when it is perfect, or no longer gets better. */
  steps: [least: number, most: number];
  seconds: number;
  verdict: Verdict;
}

export function publishedFor(claim: TrainingClaim, task: string, model: string): PublishedRow | null {
  const { published: name, details = {} } = claim.models[model] ?? { published: null };
  if (!name) return null;
  const rows = findRows(claim.published, { model: name, task: claim.tasks[task] });
  const same = (row: PublishedRow) => Object.entries(details).every(([key, value]) => row.details?.[key] === value);
  return rows.find(same) ?? null;
}

/** One row per task, model, scale, data and configuration: seeds are put together, nothing else is. */
export function summaries(claim: TrainingClaim, runs: readonly Evidence[]): Summary[] {
  const groups = new Map<string, Tested[]>();
  for (const run of runs.flatMap(tests)) {
    const { plan } = run.config as { plan?: object };
    const key = JSON.stringify([
      run.task,
      run.model,
      run.scale,
      run.data.kind,
      run.data.checksum,
      { ...plan, seed: 0 },
    ]);
    groups.set(key, [...(groups.get(key) ?? []).filter(({ seed }) => seed !== run.seed), run]);
  }
  return [...groups.values()].map((unordered) => {
    const group = unordered.sort((a, b) => a.seed - b.seed);
    const { task, model, scale, metric, data, parameters, test, trainedOn } = group[0];
    const published = publishedFor(claim, task, model);
    const values = group.map((run) => inUnit(metric, run.test.value));
    const guess = inUnit(metric, group[0].guess.value);
    const other = departures(claim, { ...group[0], task: trainedOn });
    const results = { published, metric, values, guess, count: test.count, scale, kind: data.kind, departures: other };
    return {
      ...{ task, model, scale, published, metric, values, guess, seeds: group.map((run) => run.seed) },
      ...{ dataKind: data.kind, checksum: data.checksum, departures: other },
      ...{ baselines: group[0].baselines ?? [], beside: beside(group) },
      ...{ parameters, steps: rangeOf(group.map((run) => run.steps)), seconds: mean(group.map((run) => run.seconds)) },
      verdict: verdictOf(claim, results),
    };
  });
}

/** A test of a run: `trainedOn` is the task that it was trained on, its own but for tests on other data. */
type Tested = Evidence & { trainedOn: string };

/** A run and its tests on other data, each as a run of its own. What simple methods get there is not known. */
const tests = (run: Evidence): Tested[] => [
  { ...run, trainedOn: run.task },
  ...(run.further ?? []).map(({ task, data, loss, value, count }) => ({
    ...{ ...run, task, data, test: { loss, value, count }, trainedOn: run.task },
    baselines: [],
  })),
];

const rangeOf = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];

/** `3000`, `900 to 3000`. */
export const showSteps = ({ steps: [least, most] }: Pick<Summary, 'steps'>): string =>
  least === most ? String(least) : `${least} to ${most}`;

/** A claim's own criterion decides only where the usual one has nothing against the scale and the data. */
function verdictOf(claim: TrainingClaim, results: Results): Verdict {
  const usual = usualVerdict(results, claim.tolerance);
  return claim.verdict && decides(usual) ? claim.verdict(results) : usual;
}

/** Accuracies are published in percent. */
export const inUnit = (metric: Metric, value: number): number => (metric === 'accuracy' ? 100 * value : value);

/** 53.60, 21.43, 0.4311: as many digits as say something. */
export const showNumber = (metric: Metric, value: number): string =>
  value.toFixed(metric === 'MAE' || metric === 'MSE' ? 4 : 2);

export const columns: Column[] = [
  { key: 'task', title: 'task' },
  { key: 'model', title: 'model' },
  { key: 'metric', title: 'metric' },
  { key: 'published', title: 'published', align: 'right' },
  { key: 'ours', title: 'ours', align: 'right' },
  { key: 'guess', title: 'without learning', align: 'right' },
  { key: 'scale', title: 'scale' },
  { key: 'data', title: 'data' },
  { key: 'parameters', title: 'parameters', align: 'right' },
  { key: 'steps', title: 'steps', align: 'right' },
  { key: 'verdict', title: 'verdict' },
];

/** The mean over seeds with its 95 % interval, as far as it is possible; of one seed alone that seed. */
export function showMean({ metric, values }: Pick<Summary, 'metric' | 'values'>): string {
  const { estimate, low, high } = tInterval(values);
  const mean = showNumber(metric, estimate);
  if (low === null || high === null) return mean;
  const limits = [Math.max(low, 0), metric === 'accuracy' ? Math.min(high, 100) : high];
  return `${mean} [${limits.map((limit) => showNumber(metric, limit)).join(', ')}]`;
}

/** With how many seeds it is of. */
const ours = (s: Summary): string => `${showMean(s)} (${s.values.length} seed${s.values.length === 1 ? '' : 's'})`;

export const rowOf = (claim: TrainingClaim, s: Summary): Row => {
  return {
    task: claim.tasks[s.task],
    model: claim.models[s.model].title,
    metric: s.metric === 'accuracy' ? 'accuracy, %' : s.metric,
    published: s.published ? formatRow(s.published) : '-',
    ours: ours(s),
    guess: showNumber(s.metric, s.guess),
    scale: s.scale,
    data: s.dataKind.split(':')[0],
    parameters: s.parameters,
    steps: showSteps(s),
    verdict: s.verdict.kind,
  };
};

export function showSummaries(claim: TrainingClaim, all: readonly Summary[]): string {
  const rows = all.map((s) => rowOf(claim, s));
  const notes = [
    ...new Set(
      all.map((s) => {
        const also = s.beside ? `; ${s.beside}` : '';
        return `${claim.models[s.model].title}, ${claim.tasks[s.task]}: ${s.verdict.sentence}${also}.`;
      }),
    ),
  ];
  const data = [...new Set(all.map((s) => s.dataKind).filter((kind) => kind.includes(':')))].map(
    (kind) => `Data: ${kind}.`,
  );
  return render(rows, columns, 'table', [...notes, ...data, ...simpleMethods(claim, all)]);
}

/** A model that stays below a simple method has learnt nothing worth a table. */
export function simpleMethods(claim: TrainingClaim, all: readonly Summary[]): string[] {
  const lines = all
    .filter(({ baselines }) => baselines.some(({ method }) => method !== 'majority class'))
    .map(({ task, baselines }) => {
      const values = baselines.map(({ method, metric, value }) => `${method} ${showBaseline(metric, value)}`);
      return `Simple methods on the same test split of ${claim.tasks[task]}: ${values.join(', ')}.`;
    });
  return [...new Set(lines)];
}

/** The curves of a run, from its journal. */
export function showRun(claim: TrainingClaim, { folder, evidence }: JobResult): string {
  const lines = new Journal(join(folder, 'journal.jsonl')).read();
  const steps = lines.filter((line) => line.event === 'step');
  const evaluations = lines.filter(
    (line): line is EvaluationLine => line.event === 'evaluation' && line.split === 'validation',
  );
  if (!steps.length) return '';
  const loss = { x: steps.map((s) => s.step), y: steps.map((s) => s.loss) };
  const metric = evidence?.metric ?? metricOf(lines);
  const value = {
    x: evaluations.map((e) => e.step),
    y: evaluations.map((e) => inUnit(metric, e.value)),
  };
  const name = evidence
    ? `${claim.tasks[evidence.task]}, ${claim.models[evidence.model].title}, seed ${evidence.seed}`
    : '';
  const level = (value: number | null | undefined) => (typeof value === 'number' ? { level: value } : {});
  const text = [
    plot(`Training loss ${name}`.trim(), loss, level(evidence?.guess.loss)),
    plot(
      `Validation ${metric === 'accuracy' ? 'accuracy, %' : metric} ${name}`.trim(),
      value,
      level(evidence && inUnit(metric, evidence.guess.value)),
    ),
  ];
  if (evidence) {
    text.push('(dashes: what is had without learning)');
    const { test, best_step, seconds, tokens } = evidence;
    text.push(
      `Test ${metric} ${showNumber(metric, inUnit(metric, test.value))}${metric === 'accuracy' ? ' %' : ''} and loss ` +
        `${test.loss.toFixed(4)} on ${test.count} predictions, with the ` +
        `parameters of step ${best_step}; ${seconds.toFixed(0)} s of training, ${Math.round(tokens / seconds)} tokens/s` +
        waiting(steps),
    );
    text.push(
      `Pictures: ${join(folder, 'curves.svg')}${evidence.kernels?.length ? ' and kernel-<block>.svg beside it' : ''}`,
    );
  }
  return `${text.join('\n')}\n`;
}

/** As the run was begun. */
function metricOf(lines: readonly JournalLine[]): Metric {
  const started = lines.find((line) => line.event === 'started');
  return ((started?.config.plan as { metric?: Metric } | undefined)?.metric ?? 'accuracy') satisfies Metric;
}

/** How much of its time the training waited for its data, and how fast they could come. */
function waiting(steps: readonly StepLine[]): string {
  const timed = steps.filter((s) => s.waited !== undefined);
  const total = timed.reduce((sum, s) => sum + s.seconds, 0);
  const waited = timed.reduce((sum, s) => sum + (s.waited ?? 0), 0);
  return total > 0 ? `, ${((100 * waited) / total).toFixed(2)} % of them waiting for data` : '';
}

/** Keeps results in a file: .csv, .md and .json as such, anything else as records (JSON Lines). */
export function keep(file: string, claim: TrainingClaim, runs: readonly Evidence[], all: readonly Summary[]): void {
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
