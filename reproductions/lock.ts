/**
 * The lock of a run's folder: the file `lock` says which process works there. It appears whole or not at all, under its
 * name by a hard link, so that of two processes at the same moment one gets it. One whose process is gone does not count.
 */
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { storageError } from '../results/terminal/errors.ts';
import { UsageError } from './errors.ts';

export interface LockHolder {
  pid: number;
  host: string;
}

/** Who works in a folder now; null: nobody (a holder that is gone does not count). */
export const holder = (folder: string): LockHolder | null => alive(contentOf(join(folder, 'lock')));

/** Takes a folder for this process; a `UsageError` when another one has it. The function that is returned gives it back. */
export function lock(folder: string): () => void {
  const file = join(folder, 'lock');
  const own = `${file}.${process.pid}`;
  const mine = JSON.stringify({ pid: process.pid, host: hostname() } satisfies LockHolder);
  try {
    writeFileSync(own, mine);
    while (!linked(own, file)) {
      const there = contentOf(file);
      const other = alive(there);
      if (other) throw heldBy(other, file);
      if (there !== null) takeAway(file, there);
    }
  } catch (error) {
    throw storageError(file, error, 'LONGCONV_RESULTS');
  } finally {
    if (existsSync(own)) unlinkSync(own);
  }
  return () => {
    if (contentOf(file) === mine) unlinkSync(file);
  };
}

const heldBy = ({ pid, host }: LockHolder, file: string): UsageError =>
  new UsageError(`this run is being made by process ${pid} on ${host}: wait for it, or remove ${file} if that is over`);

/** What file systems without hard links say. */
const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** False: the name is taken. */
function linked(own: string, file: string): boolean {
  const tried = (place: () => void): string | undefined => {
    try {
      place();
      return undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' || noLinks.includes(code ?? '')) return code;
      throw error;
    }
  };
  const refused = tried(() => linkSync(own, file));
  if (refused === undefined || refused === 'EEXIST') return !refused;
  return !tried(() => copyFileSync(own, file, constants.COPYFILE_EXCL));
}

/** Removes the lock that says `stale`. Where another process was faster and it says something else, that one is left. */
function takeAway(file: string, stale: string): void {
  const aside = `${file}.${process.pid}-old`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (contentOf(aside) !== stale) linked(aside, file);
  unlinkSync(aside);
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whose lock it is, if that process is there; on another machine it may be. */
function alive(content: string | null): LockHolder | null {
  let found: LockHolder;
  try {
    found = JSON.parse(content ?? 'null') as LockHolder;
    if (!Number.isInteger(found.pid)) return null;
  } catch {
    return null;
  }
  if (found.host !== hostname()) return found;
  try {
    process.kill(found.pid, 0);
    return found;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? found : null;
  }
}
