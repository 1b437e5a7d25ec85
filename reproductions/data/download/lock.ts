/**
 * One run at a time per file: `<name>.lock` holds who has it. A second run waits, and then finds the file complete. The
 * lock of a process that has died on this machine, or of another machine that has not shown itself for ten minutes, is
 * taken over. A holder that finds its lock gone (it was suspended for long, say) stops rather than write.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { storageError } from '../../../results/terminal/errors.ts';
import { DownloadError } from './failure.ts';

interface Holder {
  pid: number;
  host: string;
  token: string;
  /** When the process began, as the system counts it: numbers of processes are used again. Null where nobody says. */
  began?: string | null;
}

export interface Lock {
  /** Throws when the lock has been lost. */
  confirm(): void;
  release(): void;
}

const SILENT = 600_000;
const BEAT = 5_000;

export async function acquire(
  path: string,
  { signal, waiting, every = 500 }: { signal?: AbortSignal; waiting?(holder: string): void; every?: number } = {},
): Promise<Lock> {
  const me: Holder = { pid: process.pid, host: hostname(), token: randomUUID(), began: beginOf(process.pid) };
  for (let told = false; ; ) {
    signal?.throwIfAborted();
    if (create(path, me)) return held(path, me);
    const other = holderOf(path);
    if (other && isGone(path, other)) takeAway(path, other);
    else {
      if (other && !told) waiting?.(`process ${other.pid} on ${other.host}`);
      told ||= other !== null;
      await sleep(every, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
    }
  }
}

function create(path: string, me: Holder): boolean {
  // Written aside and linked, so that nobody reads a lock that is half written.
  const aside = `${path}.${me.token}`;
  try {
    writeFileSync(aside, JSON.stringify(me));
    linkSync(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw storageError(path, error, 'LONGCONV_CACHE');
  } finally {
    remove(aside);
  }
}

function held(path: string, me: Holder): Lock {
  const mine = () => holderOf(path)?.token === me.token;
  const beat = setInterval(() => {
    if (mine()) utimesSync(path, new Date(), new Date());
  }, BEAT);
  beat.unref?.();
  return {
    confirm: () => {
      if (!mine()) throw new DownloadError(`${path} was taken over by another run: let that one finish`);
    },
    release: () => {
      clearInterval(beat);
      if (mine()) remove(path);
    },
  };
}

function isGone(path: string, other: Holder): boolean {
  if (other.host === hostname()) return !isAlive(other.pid) || (!!other.began && beginOf(other.pid) !== other.began);
  try {
    return Date.now() - statSync(path).mtimeMs > SILENT;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Linux: the 22nd field of /proc/<pid>/stat, clock ticks since the boot. The name before it may hold anything. */
function beginOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Only one of several takers moves the file; one that moved a newer lock by mistake puts it back. */
function takeAway(path: string, gone: Holder): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (holderOf(aside)?.token !== gone.token) linkSync(aside, path);
  } catch {
    // Somebody else was faster: the next round sees whose it is.
  } finally {
    remove(aside);
  }
}

function holderOf(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Not there.
  }
}
