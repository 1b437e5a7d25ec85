/** A file that is in its place, and how it comes to be there. */
import { existsSync, renameSync, statSync } from 'node:fs';
import { storageError } from '../../../results/terminal/errors.ts';
import { setAside } from '../cache.ts';
import { type Digest, digestFile, disagreement, trustOf } from './digest.ts';
import { DownloadError } from './failure.ts';
import { wrongForm } from './form.ts';
import { discard } from './partial.ts';
import type { Places } from './places.ts';
import { type FileRecord, readRecord, writeRecord } from './record.ts';
import type { Report } from './report.ts';
import type { SourceFile } from './source.ts';

/**
 * The record of the file when it is here. One that somebody put there is checked and recorded; one that is not what it
 * should be is set aside, said, and not used.
 */
export async function present(
  places: Places,
  file: SourceFile,
  { signal, report }: { signal: AbortSignal; report: Report },
): Promise<FileRecord | null> {
  if (!existsSync(places.file)) return null;
  const settled = settledRecord(places, file);
  if (settled) return settled;
  const record = readRecord(places);
  const digest = await digestFile(places.file, file, {
    signal,
    progress: (done) => report.live(`${file.name}: checking the copy that is here, ${done} bytes`),
  });
  const problem = wrongForm(file, digest.head) ?? disagreement(file, digest) ?? changed(record, digest, file);
  if (!problem) return write(places, file, digest, record?.from ?? places.file);
  report.say(`${places.file}: ${problem}; it is set aside as ${setAside(places.file)}`);
  return null;
}

/** The record of a file that is here and whose record agrees with its size and with what is published. */
export function settledRecord(places: Places, file: SourceFile): FileRecord | null {
  const record = existsSync(places.file) ? readRecord(places) : null;
  return record && trusted(file, record) && statSync(places.file).size === record.bytes ? record : null;
}

/** Moves a complete and checked file into its place. Throws `DownloadError` when it is not the one of the first time. */
export function accept(places: Places, path: string, file: SourceFile, digest: Digest, from: string): FileRecord {
  const before = readRecord(places);
  const problem = changed(before, digest, file);
  if (problem) {
    const aside = `${places.file}.changed-${digest.sums().sha256.slice(0, 8)}`;
    renameSync(path, aside);
    discard(places);
    throw new DownloadError(
      `${file.name} is not the file that came on ${before?.time.slice(0, 10)} (${problem}): results with both cannot be compared. ` +
        `It is kept as ${aside}; to trust it from now on, delete ${places.record} and rename it to ${places.file}`,
    );
  }
  try {
    const record = write(places, file, digest, from);
    renameSync(path, places.file);
    discard(places);
    return record;
  } catch (error) {
    throw storageError(places.file, error, 'LONGCONV_CACHE');
  }
}

function write(places: Places, file: SourceFile, digest: Digest, from: string): FileRecord {
  const record: FileRecord = {
    ...{ name: file.name, bytes: digest.bytes, ...digest.sums(), from },
    ...{ time: new Date().toISOString(), trust: trustOf(file) },
  };
  writeRecord(places, record);
  return record;
}

/** Whether what the record says agrees with what is published, as far as anything is. */
const trusted = (file: SourceFile, record: FileRecord): boolean =>
  (!file.bytes || file.bytes.value === record.bytes) &&
  (!file.sha256 || file.sha256.value === record.sha256) &&
  (!file.md5 || file.md5.value === record.md5);

/** Without a published checksum, the first copy is the measure. */
export function changed(before: FileRecord | null, digest: Digest, file: SourceFile): string | null {
  const { sha256 } = digest.sums();
  if (trustOf(file) !== 'first use' || !before || before.sha256 === sha256) return null;
  return `its sha256 is ${sha256}, and that of the first copy was ${before.sha256}`;
}
