/**
 * Runs a suite of `bench` and reads its records. The rooms do not import each other: `bench run` is a process of its
 * own, under the same runtime; its progress is shown as it comes, Ctrl-C is handed on to it, and it ends with this one.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Observation } from '../../results/measurement.ts';
import { packageRoot } from '../../results/provenance.ts';
import { type BenchRecord, canonical } from '../../results/record.ts';
import { readRecords, showDamage } from '../../results/store.ts';
import { exit } from '../../results/terminal/errors.ts';
import { InterruptedError, SuiteFailedError } from '../errors.ts';
import type { MeasureContext, SuiteRun } from './measurement.ts';

/** What is kept of a record of a suite: everything that a row is computed from. */
export interface SuiteObservation {
  suite: string;
  /** Id of the record, and the hash of all of it. */
  record: string;
  sha256: string;
  /** Of the group: candidates with the same time were measured side by side, round by round. */
  time: string;
  config_hash: string;
  /** `unit` of the samples: ms. Per round, in run order. */
  rounds: number[][];
  /** Against the float64 reference, and its limit; null: nothing of ours. */
  error: { value: number; tolerance: number } | null;
  row: BenchRecord['row'];
}

export const recordHash = (record: BenchRecord): string => createHash('sha256').update(canonical(record)).digest('hex');

/** The observation that a record is. */
export const observed = (record: BenchRecord): SuiteObservation => ({
  suite: record.suite,
  record: record.id,
  sha256: recordHash(record),
  time: record.time,
  config_hash: record.config_hash,
  rounds: record.samples.rounds,
  error: record.error && { value: record.error.value, tolerance: record.error.tolerance },
  row: record.row,
});

/** The observations of suites among all of a measurement. */
export const suiteObservations = (all: readonly Observation[]): SuiteObservation[] =>
  all.filter((o) => 'suite' in o && 'rounds' in o) as unknown as SuiteObservation[];

export interface SuiteResult {
  observations: Observation[];
  device: BenchRecord['device'];
  threads: number | null;
}

/**
 * `bench run <run> --device <device> --out <folder>/<n>.jsonl`. Throws `InterruptedError` after Ctrl-C and
 * `SuiteFailedError` with the exit code of `bench` when that refused or failed; its own sentence is on stderr then.
 */
export async function runSuite(run: SuiteRun, index: number, context: MeasureContext): Promise<SuiteResult> {
  const out = join(context.folder, `${index + 1}-${run.split(' ')[0]}.jsonl`);
  context.say(`bench run ${run} --device ${context.device}`);
  const words = ['run', ...run.split(' '), '--device', context.device, '--format', 'jsonl', '--out', out];
  const code = await bench(words, context.signal);
  if (context.signal.aborted || code === exit.interrupted)
    throw new InterruptedError(
      `interrupted: no evidence was kept; what was measured until then is in ${context.folder}`,
    );
  if (code !== exit.done)
    throw new SuiteFailedError(`"bench run ${run}" ended with ${code}: its own message is above`, code);
  if (!existsSync(out)) throw new SuiteFailedError(`"bench run ${run}" left no records in ${out}`, exit.failed);
  const { records, damage } = readRecords(out);
  for (const d of damage) context.say(showDamage(d));
  if (!records.length || damage.length)
    throw new SuiteFailedError(`"bench run ${run}" left damaged records in ${out}`, exit.failed);
  return {
    observations: records.map((r) => JSON.parse(JSON.stringify(observed(r)))),
    device: records[0].device,
    threads: records[0].threads,
  };
}

/** Resolves with the exit code. stdout is data that is read from the records instead; stderr is shown as it comes. */
function bench(words: readonly string[], signal: AbortSignal): Promise<number> {
  const cli = join(packageRoot, 'bench', 'cli.ts');
  const args = process.versions.bun ? [cli, ...words] : ['run', '-A', '--no-check', cli, ...words];
  const child = spawn(process.execPath, args, {
    // The pipe to its stdin closes when this process is gone, were it by kill -9 (`bench/interrupt.ts`).
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { ...process.env, LONGCONV_END_WITH_STDIN: '1' },
  });
  const stop = () => child.kill('SIGINT');
  // A second Ctrl-C ends this process at once; nothing may go on measuring without it.
  const end = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  process.on('exit', end);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // An exit code of 130 is the signal itself to some runtimes.
    child.on('close', (code, by) => {
      signal.removeEventListener('abort', stop);
      process.removeListener('exit', end);
      resolve(code ?? (by === 'SIGINT' ? exit.interrupted : exit.failed));
    });
    if (signal.aborted) stop();
  });
}
