/**
 * Prepared data in the cache: one file per unit of work, in the layout of `unit.ts`. A file's `key` is the complete
 * recipe; a file with another key is not used. Files are written beside their place and renamed, so that a reader never
 * sees half a file and two processes that make the same one do no harm. A corrupt file is named on stderr, renamed to
 * `*.corrupt-<n>` and made again. The folder is LONGCONV_CACHE, or ~/.cache/longconv.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { storageError } from '../../results/terminal/errors.ts';
import { type CacheArray, type CacheArrays, CorruptFileError, encodeUnit, Unit } from './unit.ts';

export { type CacheArray, type CacheArrays, CorruptFileError };

export const cacheFolder = (): string => process.env.LONGCONV_CACHE || join(homedir(), '.cache', 'longconv');

/** A short name for a recipe: the first 16 hex digits of the SHA-256 of its JSON. */
export const keyHash = (key: unknown): string =>
  createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16);

type Warn = (line: string) => void;
const say: Warn = (line) => console.error(line);

/** The unit of this key, from `file` below the cache folder, or made by `generate` and kept there: all of it. */
export async function cached(
  file: string,
  key: unknown,
  generate: () => Promise<CacheArrays>,
  warn: Warn = say,
): Promise<CacheArrays> {
  const path = join(cacheFolder(), file);
  const found = intact(path, key, warn, allOf);
  if (found) return found;
  requireWritable(path);
  const arrays = await generate();
  writeUnit(path, key, arrays);
  return arrays;
}

/** The unit of this key, of which only the header has been read; null when it has to be made. */
export const openCached = (file: string, key: unknown, warn: Warn = say): Unit | null =>
  intact(join(cacheFolder(), file), key, warn, (unit) => unit);

function intact<T>(path: string, key: unknown, warn: Warn, use: (unit: Unit) => T): T | null {
  if (!existsSync(path)) return null;
  let unit: Unit | null = null;
  try {
    unit = Unit.open(path);
    if (JSON.stringify(unit.key) === JSON.stringify(key)) return use(unit);
    warn(`${path} holds other data than asked for: making it again`);
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error;
    unit?.close();
    warn(`${error.message}: set aside as ${setAside(path)}, making it again`);
  }
  return null;
}

/**
 * `use(unit)`; when that comes upon damage, the file is named and set aside, made again at once, and used. Throws when
 * what is made now is not what it was: somebody may hold the old checksum.
 */
export function repairing<T>(
  unit: Unit,
  use: (unit: Unit) => T,
  make: () => CacheArrays,
  renew: (unit: Unit) => void,
  warn: Warn = say,
): T {
  try {
    return use(unit);
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!gone && !(error instanceof CorruptFileError)) throw error;
    unit.close();
    warn(
      gone
        ? `${unit.path} is gone: making it again`
        : `${(error as Error).message}: set aside as ${setAside(unit.path)}, making it again`,
    );
    writeUnit(unit.path, unit.key, make());
    const again = Unit.open(unit.path);
    if (again.digest !== unit.digest)
      throw new CorruptFileError(`${unit.path} was made again and is not what it was: open the data set again`);
    renew(again);
    return use(again);
  }
}

export const writeUnit = (path: string, key: unknown, arrays: CacheArrays): void =>
  writeAtomically(path, encodeUnit(key, arrays));

/** Reads and checks a unit. Throws `CorruptFileError` when any byte is not as it was written. */
export function readUnit(path: string): { key: unknown; arrays: CacheArrays } {
  const unit = Unit.open(path);
  return { key: unit.key, arrays: allOf(unit) };
}

function allOf(unit: Unit): CacheArrays {
  try {
    return unit.all();
  } finally {
    unit.close();
  }
}

/** Before the work is done whose result could not be kept. Throws `StorageError`. */
function requireWritable(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw storageError(path, error, 'LONGCONV_CACHE');
  }
}

/** Writes the parts to `path` so that it appears whole or not at all. */
export function writeAtomically(path: string, parts: Uint8Array[]): void {
  // Threads of one process may write the same file.
  const temporary = `${path}.${process.pid}-${threadId}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    removeLeftovers(path);
    const file = openSync(temporary, 'w');
    try {
      for (const part of parts) for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    if (existsSync(temporary)) unlinkSync(temporary);
    throw storageError(path, error, '--out, LONGCONV_RESULTS or LONGCONV_CACHE');
  }
}

/** Renames a bad file to `<path>.corrupt-<n>` (or what else it is), the first free n, and returns the new name. */
export function setAside(path: string, what: 'corrupt' | 'foreign' = 'corrupt'): string {
  let n = 1;
  while (existsSync(`${path}.${what}-${n}`)) n++;
  try {
    renameSync(path, `${path}.${what}-${n}`);
  } catch (error) {
    // Another process came upon the same damage and was faster.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storageError(path, error, 'LONGCONV_CACHE');
    return `${path}.${what}-${Math.max(1, n - 1)}`;
  }
  return `${path}.${what}-${n}`;
}

/** Halves of this file from processes that were killed. */
function removeLeftovers(path: string): void {
  const name = `${basename(path)}.`;
  for (const file of readdirSync(dirname(path))) {
    const pid = file.startsWith(name) ? /^(\d+)(?:-\d+)?\.tmp$/.exec(file.slice(name.length))?.[1] : undefined;
    if (pid === undefined || Number(pid) === process.pid || isRunning(Number(pid))) continue;
    try {
      unlinkSync(join(dirname(path), file));
    } catch {
      // Somebody else was faster.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
