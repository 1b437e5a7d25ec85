/** The rows of the claims table, on the terminal and in files. */
import { extname } from 'node:path';
import type { Evidence } from '../results/evidence.ts';
import { formatRow } from '../results/published/published.ts';
import type { Row } from '../results/record.ts';
import { tInterval } from '../results/statistics.ts';
import { appendRecord } from '../results/store.ts';
import { type Column, render } from '../results/tables.ts';
import type { TrainingClaim } from './claim.ts';
import { showBaseline } from './data/baselines.ts';
import { writeAtomically } from './data/cache.ts';
import { type Summary, showNumber, showSteps } from './results.ts';

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
