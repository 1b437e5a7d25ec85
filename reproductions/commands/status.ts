/** `repro status`: every run on this machine, where it is, and whether somebody is at it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runsFolder } from '../../results/provenance.ts';
import type { Row } from '../../results/record.ts';
import { type Column, render } from '../../results/tables.ts';
import { colours, lineWidth, print } from '../../results/terminal/output.ts';
import type { Options } from '../cli.ts';
import { showValue } from '../live.ts';
import { holder } from '../lock.ts';
import { type MeasurementState, stateFile } from '../measure/run.ts';
import { Journal } from '../train/journal.ts';
import { higherIsBetter, type Metric } from '../train/metrics.ts';

const columns: Column[] = [
  { key: 'run', title: 'run' },
  { key: 'state', title: 'state' },
  { key: 'step', title: 'step', align: 'right' },
  { key: 'loss', title: 'loss', align: 'right' },
  { key: 'best', title: 'best validation', align: 'right' },
  { key: 'updated', title: 'updated (UTC)' },
];

const folders = (path: string): string[] =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .sort()
    : [];

function rowOf(root: string, run: string): Row | null {
  const folder = join(root, run);
  if (existsSync(join(folder, stateFile))) return measurementRow(folder, run);
  const file = join(folder, 'journal.jsonl');
  if (!existsSync(file)) return null;
  const lines = new Journal(file).read();
  const started = lines.find((line) => line.event === 'started');
  const plan = started?.config.plan as { steps?: number; metric?: Metric } | undefined;
  const metric = plan?.metric ?? 'accuracy';
  const last = lines.filter((line) => line.event === 'step').at(-1);
  const validation = lines.flatMap((line) =>
    line.event === 'evaluation' && line.split === 'validation' ? [line.value] : [],
  );
  const end = lines.at(-1)?.event;
  const busy = holder(folder);
  const state = busy ? `running (process ${busy.pid})` : end === 'finished' ? 'finished' : 'stopped';
  return {
    run,
    state,
    step: `${last?.step ?? 0} of ${plan?.steps ?? '?'}`,
    loss: last?.loss ?? null,
    best: validation.length ? showValue(metric, bestOf(metric, validation)) : null,
    updated: statSync(file).mtime.toISOString().slice(0, 19),
  };
}

function measurementRow(folder: string, run: string): Row {
  const file = join(folder, stateFile);
  const { parts, done, finished } = JSON.parse(readFileSync(file, 'utf8')) as MeasurementState;
  const busy = holder(folder);
  return {
    run,
    state: busy ? `measuring (process ${busy.pid})` : finished ? 'finished' : 'stopped',
    step: `${done} of ${parts} measurements`,
    loss: null,
    best: null,
    updated: statSync(file).mtime.toISOString().slice(0, 19),
  };
}

const bestOf = (metric: Metric, values: number[]): number =>
  higherIsBetter(metric) ? Math.max(...values) : Math.min(...values);

export async function run(_: unknown[], options: Options): Promise<number> {
  const root = join(runsFolder(), 'repro');
  const runs = folders(root).flatMap((claim) =>
    folders(join(root, claim)).flatMap((scale) =>
      folders(join(root, claim, scale)).map((name) => join(claim, scale, name)),
    ),
  );
  const rows = runs.map((run) => rowOf(root, run)).filter((row) => row !== null);
  if (options.json === true) await print(JSON.stringify(rows, null, 1));
  else if (rows.length)
    await print(
      render(rows, columns, 'table', [`Folder: ${root}`], colours(process.stdout), lineWidth(process.stdout)),
    );
  else await print('No runs yet. Start one: repro longconv-lra --task listops --scale smoke');
  return 0;
}
