/** The published recordings beside what is known of them: every value is read. */
import type { CacheArrays } from '../cache.ts';
import { type Comparison, compareNone } from '../comparison.ts';
import { MissingFileError } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { type PoolOptions, type Range, runJob } from '../pool.ts';
import { findRuns, partsOfName } from './files.ts';
import { indexRuns, type Run } from './index-runs.ts';
import { RunReader } from './read-run.ts';
import { splitRuns } from './split.ts';

/** Counts from memory, not from a source: shown beside ours, not judged. */
const remembered = { sets: 34, runs: 11_980, people: 1_726 };
const NETWORKS = 1024;
/** z-scored in double precision, stored in single; a standard deviation by T - 1 is within 0.01 of 1 from T = 51 on. */
const OFF_MEAN = 1e-3;
const OFF_SD = 1e-2;
/** So many runs are named. */
const MOST = 20;

export async function verifyFmri(options: VerifyOptions): Promise<Verified> {
  const { from, signal, progress, workers } = options;
  if (from === undefined)
    throw new MissingFileError(
      'fmri: nothing is made here in the place of the recordings (bold-sim stands in for them): repro data verify fmri ' +
        '--from <a clone of athms/learning-from-brains, its data/upstream, or one tar>',
    );
  const runs = await indexRuns(findRuns(from), options);
  const pool: PoolOptions = { chunk: 8 };
  if (signal) pool.signal = signal;
  if (progress) pool.progress = progress;
  if (workers !== undefined) pool.workers = workers;
  const parts = await runJob(import.meta.url, 'measureRuns', { runs }, { start: 0, count: runs.length }, pool);
  const column = (name: string) => parts.flatMap((part) => Array.from(part[name]));
  const names = runs.map(({ name }) => partsOfName(name)!);
  const people = new Set(names.filter(({ person }) => person).map(({ set, person }) => `${set} ${person}`)).size;
  const sets = new Set(names.map(({ set }) => set)).size;
  const odd = runs.filter(({ regions }) => regions !== NETWORKS);
  const infinite = runs.map((run) => run.infinite);
  const [shifted, scaled] = [column('shifted'), column('scaled')];
  const split = splitRuns(runs.map(({ name }) => name));
  const complaints = runs.flatMap(({ file }, i) => [
    ...(infinite[i] ? [`${file}: ${infinite[i]} values are not finite`] : []),
    ...(shifted[i] || scaled[i]
      ? [`${file}: ${shifted[i]} networks with another mean than 0, ${scaled[i]} not scaled to 1`]
      : []),
  ]);
  for (const { file, regions } of odd) complaints.push(`${file}: ${regions} networks, not ${NETWORKS}`);
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  return {
    what: `${runs.length} runs of ${from}, every value read`,
    rows: [
      shown('sets', sets, remembered.sets),
      shown('runs', runs.length, remembered.runs),
      shown('people', people, remembered.people),
      compareNone('runs that are not float32 (time, 1024)', odd.length),
      compareNone('values that are not finite', sum(infinite)),
      compareNone(`networks with a mean over a run beyond ${OFF_MEAN}`, sum(shifted)),
      compareNone(`networks with a standard deviation over a run beyond 1 +- ${OFF_SD}`, sum(scaled)),
      shown('networks that are 0 throughout a run', sum(column('silent')), '-'),
      shown('steps of a run', range(runs.map(({ steps }) => steps)), '-'),
      shown('repetition time, s', range(runs.map(({ repetitionTime }) => Number(repetitionTime.toPrecision(6)))), '-'),
      shown(
        'runs for training / validation / test',
        `${split.train.length} / ${split.validation.length} / ${split.test.length}`,
        '95 % / 5 %, halved here',
      ),
    ],
    complaints:
      complaints.length > MOST ? [...complaints.slice(0, MOST), `and ${complaints.length - MOST} more`] : complaints,
  };
}

const shown = (quantity: string, here: number | string, reference: number | string): Comparison => ({
  ...{ quantity, here, reference, distance: null, limit: null },
  measure: typeof reference === 'number' ? 'from memory, not judged' : '',
});

function range(values: readonly number[]): string {
  const [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  return `${low} to ${high}`;
}

/** What is wrong with each run's values. Exported for the workers of the pool, which find it by its name. */
export function measureRuns({ runs }: { runs: readonly Run[] }, { start, count }: Range): CacheArrays {
  const found = {
    ...{ shifted: new Int32Array(count), scaled: new Int32Array(count) },
    silent: new Int32Array(count),
  };
  const reader = new RunReader();
  for (let i = 0; i < count; i++) {
    const run = runs[start + i];
    const z = reader.readAll(run);
    const [sum, squares] = [new Float64Array(run.regions), new Float64Array(run.regions)];
    for (let at = 0; at < z.length; at++) {
      sum[at % run.regions] += z[at];
      squares[at % run.regions] += z[at] * z[at];
    }
    for (let r = 0; r < run.regions; r++) {
      const mean = sum[r] / run.steps;
      const sd = Math.sqrt(Math.max(0, squares[r] / run.steps - mean * mean));
      if (squares[r] === 0) found.silent[i]++;
      else {
        if (!(Math.abs(mean) <= OFF_MEAN)) found.shifted[i]++;
        if (!(Math.abs(sd - 1) <= OFF_SD)) found.scaled[i]++;
      }
    }
  }
  return found;
}
