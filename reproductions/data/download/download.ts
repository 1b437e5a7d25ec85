/**
 * A published file into the cache: from its addresses in turn, continuing what is here, checked against what was
 * published about it (or against its own first copy), and moved into place only when it is whole.
 */
import { mkdirSync } from 'node:fs';
import { showBytes } from '../../../results/tables.ts';
import { storageError } from '../../../results/terminal/errors.ts';
import { attempt } from './attempt.ts';
import { disagreement } from './digest.ts';
import { DownloadError, host, TransferError } from './failure.ts';
import { wrongForm } from './form.ts';
import { acquire, type Lock } from './lock.ts';
import { Partial } from './partial.ts';
import { type Patience, usualPatience } from './patience.ts';
import { placesOf } from './places.ts';
import { accept, present, settledRecord } from './present.ts';
import { Rate } from './rate.ts';
import type { FileRecord } from './record.ts';
import type { Report } from './report.ts';
import type { SourceFile } from './source.ts';
import { requireSpace } from './space.ts';

export interface DownloadOptions {
  signal: AbortSignal;
  report: Report;
  patience?: Patience;
  /** Free bytes below a folder; for tests. */
  free?(folder: string): number;
}

/** So much must have come since the last failure for the tries to be counted from the start. */
const PROGRESS = 64 << 10;

/** Throws `DownloadError` when no address gives the file, `StorageError`, or the reason of the signal. */
export async function download(folder: string, file: SourceFile, options: DownloadOptions): Promise<FileRecord> {
  const places = placesOf(folder, file.name);
  const { signal, report } = options;
  // Needs no lock: a cache that cannot be written can still be read.
  const settled = settledRecord(places, file);
  if (settled) return settled;
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw storageError(folder, error, 'LONGCONV_CACHE');
  }
  const lock = await acquire(places.lock, {
    signal,
    waiting: (holder) => report.say(`${file.name}: ${holder} is at it; waiting for it`),
  });
  try {
    return (await present(places, file, options)) ?? (await transfer(lock));
  } finally {
    lock.release();
  }

  async function transfer(lock: Lock): Promise<FileRecord> {
    const rate = new Rate();
    const partial = await Partial.open(places, file, {
      signal,
      progress: (done) => {
        rate.add(done);
        report.live(`${file.name}: reading what is here, ${rate.describe(done, null)}`);
      },
    });
    if (partial.bytes) report.say(`${file.name}: going on after ${showBytes(partial.bytes)}`);
    const failures: string[] = [];
    try {
      for (const { value: url } of file.urls) {
        const failure = await fromAddress(url, file, partial, options);
        if (failure === null) {
          lock.confirm();
          partial.close();
          return accept(places, places.part, file, partial.digest, url);
        }
        failures.push(failure);
        report.say(`${file.name}: ${failure}`);
      }
    } finally {
      partial.close();
    }
    const kept = partial.bytes ? `; the ${showBytes(partial.bytes)} that have arrived are kept` : '';
    throw new DownloadError(`${file.name} could not be had (${failures.join('; ')})${kept}`);
  }
}

/** Null when the file is complete and right; otherwise why this address did not give it. */
async function fromAddress(
  url: string,
  file: SourceFile,
  partial: Partial,
  { signal, report, patience = usualPatience, free }: DownloadOptions,
): Promise<string | null> {
  const room = (bytes: number) => requireSpace(partial.places.folder, bytes, file.name, free);
  let failed = 0;
  let furthest = partial.bytes;
  let mixed = partial.bytes > 0;
  for (;;) {
    try {
      mixed = (await attempt({ url, file, partial, stall: patience.stall, signal, report, room })) || mixed;
      const problem = wrongForm(file, partial.digest.head) ?? disagreement(file, partial.digest);
      if (problem === null) return null;
      partial.restart();
      if (!mixed) return `${host(url)} sends a wrong file (${problem}): ${url}`;
      report.say(`${file.name}: ${problem}; its parts may be of different files, so it starts over`);
      mixed = false;
      furthest = 0;
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      if (error.remedy === 'elsewhere') return error.message;
      if (partial.bytes >= furthest + PROGRESS) failed = 0;
      furthest = Math.max(furthest, partial.bytes);
      const most = error.silent ? patience.silentAttempts : patience.attempts;
      if (++failed >= most) return `${error.message}, ${failed} times in a row`;
      const pause = error.wait ?? patience.backoff(failed);
      if (pause > patience.longestPause) return error.message;
      report.say(`${file.name}: ${error.message}; trying again in ${Math.ceil(pause)} s`);
      mixed = partial.bytes > 0;
      await patience.pause(pause, signal);
    }
  }
}
