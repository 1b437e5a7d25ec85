/** `repro data get <datasets>`: the files into the cache, from the network or from a folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { showBytes } from '../../../results/tables.ts';
import { choose, last } from '../../../results/terminal/options.ts';
import { print, progress } from '../../../results/terminal/output.ts';
import type { Options } from '../../cli.ts';
import { findAtHand, take } from '../../data/download/at-hand.ts';
import { type DownloadOptions, download } from '../../data/download/download.ts';
import { DownloadError } from '../../data/download/failure.ts';
import { downloadFolder } from '../../data/download/places.ts';
import type { FileRecord } from '../../data/download/record.ts';
import { type Report, terminalReport } from '../../data/download/report.ts';
import { type DatasetSource, loadSource, type SourceFile, sourceIds } from '../../data/download/source.ts';
import { isArchive, unpack, unpackedFolder } from '../../data/download/unpack.ts';
import { unpackerOf } from '../../data/download/unpackers.ts';
import { madeHere } from '../../data/made-here.ts';
import { exit, UsageError } from '../../errors.ts';
import { interruption } from '../../interrupt.ts';
import { duration } from '../../options.ts';
import { filesOf } from './parts.ts';

export async function run(given: string[], options: Options): Promise<number> {
  if (!given.length)
    throw new UsageError(`repro data get needs a dataset: ${sourceIds().join(', ')}; repro data list says more`);
  const made = given.filter((id) => madeHere.some((m) => m.id === id));
  if (made.length)
    throw new UsageError(
      `${made[0]} is not downloaded: it is made here when it is asked for (--data offline). The real files are in lra`,
    );
  const sources = await Promise.all(given.map((id) => loadSource(choose('dataset', id, sourceIds()))));
  const wanted = sources.map((source) => ({ source, files: filesOf(source, options.only) }));
  const budget = duration(options.budget);
  const late = budget === undefined ? null : AbortSignal.timeout(Math.max(1, budget * 1000));
  const signal = late ? AbortSignal.any([interruption, late]) : interruption;
  const from = options.from === undefined ? null : String(last(options.from));
  if (from !== null && !existsSync(from))
    throw new UsageError(`--from ${from} is not there: give the folder that has the files`);
  const done: (FileRecord & { dataset: string; path: string; folder: string | null })[] = [];
  const failed: string[] = [];
  for (const { source, files } of wanted) {
    const before = failed.length;
    for (const file of files)
      try {
        const record = await one(source, file, from, { signal, report: terminalReport() });
        const path = join(downloadFolder(source.id), file.name);
        progress.end();
        progress.say(`${file.name}: ${showBytes(record.bytes)}, ${vouched(record)}`);
        const folder =
          options.unpack === true ? await unpacked(source, file, record, { signal, report: terminalReport() }) : null;
        done.push({ dataset: source.id, path, folder, ...record });
        if (options.json !== true) await print(folder ?? path);
      } catch (error) {
        progress.end();
        if (signal.aborted)
          return await stopped(source, late?.aborted === true && !interruption.aborted, options, done);
        if (!(error instanceof DownloadError)) throw error;
        failed.push(error.message);
        progress.say(`${source.id}: ${error.message}`);
      }
    if (failed.length > before) progress.say(advice(source, from));
  }
  if (options.json === true) await print(JSON.stringify({ files: done, failed }, null, 1));
  if (failed.length) progress.say(`${failed.length} of ${done.length + failed.length} files could not be had`);
  return failed.length ? exit.unavailable : exit.done;
}

async function one(
  source: DatasetSource,
  file: SourceFile,
  from: string | null,
  options: DownloadOptions,
): Promise<FileRecord> {
  const folder = downloadFolder(source.id);
  if (from === null) return await download(folder, file, options);
  const path = findAtHand(from, source.id, file);
  if (path === null)
    throw new DownloadError(
      `${file.name} is not in ${from}, nor in ${join(from, source.id)}: give the folder that has it under this name`,
    );
  return await take(folder, file, path, options);
}

/** The folder with what was in the archive; null for a file that is read as it is. */
async function unpacked(
  { id }: DatasetSource,
  file: SourceFile,
  record: FileRecord,
  options: { signal: AbortSignal; report: Report },
): Promise<string | null> {
  if (!isArchive(file)) return null;
  const folder = downloadFolder(id);
  const { files, bytes } = await unpack(folder, file, record, unpackerOf(file), options);
  progress.end();
  progress.say(`${file.name}: ${files} files, ${showBytes(bytes)}, in ${unpackedFolder(folder, file)}`);
  return unpackedFolder(folder, file);
}

const advice = (source: DatasetSource, from: string | null): string =>
  `${source.advice}.${from === null ? ` With the file at hand: repro data get ${source.id} --from <its folder>` : ''}`;

const vouched = ({ trust, sha256 }: FileRecord): string =>
  trust === 'first use'
    ? `sha256 ${sha256} kept as the measure of later copies (none is published)`
    : `agrees with the ${trust}`;

async function stopped(source: DatasetSource, budget: boolean, options: Options, done: unknown[]): Promise<number> {
  if (options.json === true) await print(JSON.stringify({ files: done, failed: [] }, null, 1));
  progress.say(
    `${budget ? 'the budget is used up' : 'interrupted'}: what has arrived is kept in ${downloadFolder(source.id)}; ` +
      'the same command goes on from there',
  );
  return budget ? exit.stopped : exit.interrupted;
}
