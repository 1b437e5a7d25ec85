/**
 * An archive into a folder beside it: `<name without its ending>/`, which appears whole or not at all. What it was made
 * of is kept in `<folder>.unpacked.json`, so that it is done once per archive. Until it is whole it is called
 * `<folder>.unpacking`, with `<folder>.unpacking.json` saying of what; a run that was interrupted or killed leaves both,
 * and the next one goes on from there. The reading of archives comes from outside (`Unpacker`): it must refuse links
 * and paths that leave the folder.
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

/** Writes what is in `archive` below `folder`, which exists and is empty, or holds a part of it: `resume`. */
export type Unpacker = (
  archive: string,
  folder: string,
  options: { signal: AbortSignal; resume: boolean; progress(files: number, bytes: number): void },
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
  const journal = `${aside}.json`;
  // Of the same archive, of which the same is needed.
  const recipe = JSON.stringify({ sha256: record.sha256, needed: file.needed ? String(file.needed.value) : null });
  const forget = () => {
    rmSync(aside, { recursive: true, force: true });
    rmSync(journal, { force: true });
  };
  try {
    const before = unpackedState(folder, file, record.sha256);
    if (before) return before;
    const resume = existsSync(aside) && textOf(journal) === recipe;
    if (resume) report.say(`${file.name}: going on with what an earlier run has unpacked`);
    else forget();
    if (existsSync(target)) report.say(`${target} is of another archive: set aside as ${setAside(target)}`);
    mkdirSync(aside, { recursive: true });
    writeAtomically(journal, [new TextEncoder().encode(recipe)]);
    const done = await unpacker(placesOf(folder, file.name).file, aside, {
      ...{ signal, resume },
      progress: (files, bytes) => report.live(`${file.name}: unpacking, ${files} files, ${Math.floor(bytes / 1e6)} MB`),
    });
    lock.confirm();
    const unpacked: Unpacked = { sha256: record.sha256, ...done, time: new Date().toISOString() };
    writeAtomically(`${target}.unpacked.json`, [new TextEncoder().encode(`${JSON.stringify(unpacked, null, 1)}\n`)]);
    renameSync(aside, target);
    forget();
    return unpacked;
  } catch (error) {
    // An interruption keeps what there is. A damaged archive has nothing to keep, and a full disk needs the room.
    if (!signal.aborted) forget();
    throw storageError(aside, error, 'LONGCONV_CACHE');
  } finally {
    lock.release();
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
