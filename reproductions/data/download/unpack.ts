/**
 * An archive into a folder beside it: `<name without its ending>/`, which appears whole or not at all. What it was made
 * of is kept in `<folder>.unpacked.json`, so that it is done once per archive. The reading of archives comes from
 * outside (`Unpacker`): it must refuse links and paths that leave the folder.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { storageError } from '../../../results/terminal/errors.ts';
import { setAside, writeAtomically } from '../cache.ts';
import { acquire } from './lock.ts';
import { placesOf } from './places.ts';
import type { FileRecord } from './record.ts';
import type { Report } from './report.ts';
import type { FileForm, SourceFile } from './source.ts';

export interface Unpacked {
  /** SHA-256 of the archive. */
  sha256: string;
  files: number;
  bytes: number;
  /** ISO 8601. */
  time: string;
}

/** Writes what is in `archive` below `folder`, which exists and is empty. */
export type Unpacker = (
  archive: string,
  folder: string,
  options: { signal: AbortSignal; progress(files: number, bytes: number): void },
) => Promise<{ files: number; bytes: number }>;

const archives: readonly FileForm[] = ['tar.gz', 'tar.xz', 'zip'];

/** Other files are read as they are. */
export const isArchive = (file: SourceFile): boolean => archives.includes(file.form);

export const unpackedFolder = (folder: string, file: SourceFile): string =>
  join(folder, file.name.replace(/\.(tar\.gz|tar\.xz|tgz|gz|zip)$/, ''));

/** Null when it has not been unpacked, or from another archive. */
export function unpackedState(folder: string, file: SourceFile, sha256: string): Unpacked | null {
  const target = unpackedFolder(folder, file);
  if (!existsSync(target)) return null;
  try {
    const found = JSON.parse(readFileSync(`${target}.unpacked.json`, 'utf8')) as Unpacked;
    return found.sha256 === sha256 ? found : null;
  } catch {
    return null;
  }
}

export async function unpack(
  folder: string,
  file: SourceFile,
  record: FileRecord,
  unpacker: Unpacker,
  { signal, report }: { signal: AbortSignal; report: Report },
): Promise<Unpacked> {
  const target = unpackedFolder(folder, file);
  const lock = await acquire(`${target}.lock`, {
    signal,
    waiting: (holder) => report.say(`${file.name}: ${holder} unpacks it; waiting for it`),
  });
  const aside = `${target}.unpacking`;
  try {
    const before = unpackedState(folder, file, record.sha256);
    if (before) return before;
    // Left by a run that was stopped.
    rmSync(aside, { recursive: true, force: true });
    if (existsSync(target)) report.say(`${target} is of another archive: set aside as ${setAside(target)}`);
    mkdirSync(aside, { recursive: true });
    const done = await unpacker(placesOf(folder, file.name).file, aside, {
      signal,
      progress: (files, bytes) => report.live(`${file.name}: unpacking, ${files} files, ${Math.floor(bytes / 1e6)} MB`),
    });
    lock.confirm();
    const unpacked: Unpacked = { sha256: record.sha256, ...done, time: new Date().toISOString() };
    writeAtomically(`${target}.unpacked.json`, [new TextEncoder().encode(`${JSON.stringify(unpacked, null, 1)}\n`)]);
    renameSync(aside, target);
    return unpacked;
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    throw storageError(aside, error, 'LONGCONV_CACHE');
  } finally {
    lock.release();
  }
}
