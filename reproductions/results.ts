/** What the runs of a claim came to: seeds put together, beside the published number, with a verdict. */
import type { Evidence } from '../results/evidence.ts';
import { findRows } from '../results/published/published.ts';
import type { PublishedRow } from '../results/published/schema.ts';
import { mean } from '../results/statistics.ts';
import { beside } from './beside.ts';
import type { Scale, TrainingClaim } from './claim.ts';
import { departures } from './configured.ts';
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
