/**
 * `--from`: a file that the user already has. It is checked like a download, then linked into the cache when it lies on
 * the same disk, and copied otherwise. The user's file is never changed.
 */
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { storageError } from '../../../results/terminal/errors.ts';
import { Digest, digestFile, disagreement } from './digest.ts';
import { DownloadError } from './failure.ts';
import { wrongForm } from './form.ts';
import { acquire } from './lock.ts';
import { placesOf } from './places.ts';
import { accept, present, settledRecord } from './present.ts';
import type { FileRecord } from './record.ts';
import type { Report } from './report.ts';
import type { SourceFile } from './source.ts';
import { requireSpace } from './space.ts';

/** The user's copy of `file` in `from`: a folder that has it (or has it below a folder of the dataset), or the file. */
export function findAtHand(from: string, dataset: string, file: SourceFile): string | null {
  if (!statSync(from).isDirectory()) return basename(from) === file.name ? from : null;
  for (const path of [join(from, file.name), join(from, dataset, file.name)]) if (existsSync(path)) return path;
  return null;
}

export async function take(
  folder: string,
  file: SourceFile,
  path: string,
  options: { signal: AbortSignal; report: Report; free?(folder: string): number; link?: boolean },
): Promise<FileRecord> {
  const places = placesOf(folder, file.name);
  const { signal, report } = options;
  const settled = settledRecord(places, file);
  if (settled) return settled;
  requireSpace(folder, 0, file.name, options.free);
  const lock = await acquire(places.lock, {
    signal,
    waiting: (holder) => report.say(`${file.name}: ${holder} is at it; waiting for it`),
  });
  const incoming = `${places.file}.incoming`;
  try {
    const here = await present(places, file, options);
    if (here) return here;
    const real = realpathSync(path);
    rmSync(incoming, { force: true });
    const total = statSync(real).size;
    const progress = (done: number) =>
      report.live(`${file.name}: checking ${path}, ${Math.floor((100 * done) / Math.max(1, total))} %`);
    const linked = options.link !== false && tryLink(real, incoming);
    if (!linked) requireSpace(folder, total, file.name, options.free);
    const digest = linked
      ? await digestFile(incoming, file, { signal, progress })
      : await copy(real, incoming, new Digest(file), { signal, progress });
    const problem = wrongForm(file, digest.head) ?? disagreement(file, digest);
    if (problem)
      throw new DownloadError(`${path} is not the published file (${problem}): get it again, or leave out --from`);
    lock.confirm();
    return accept(places, incoming, file, digest, path);
  } finally {
    rmSync(incoming, { force: true });
    lock.release();
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

async function copy(
  from: string,
  to: string,
  digest: Digest,
  { signal, progress }: { signal: AbortSignal; progress(done: number): void },
): Promise<Digest> {
  const source = openSync(from, 'r');
  try {
    const target = openSync(to, 'w');
    const buffer = new Uint8Array(4 << 20);
    try {
      for (let n = 0; (n = readSync(source, buffer, 0, buffer.length, null)) > 0; ) {
        for (let at = 0; at < n; ) at += writeSync(target, buffer, at, n - at);
        digest.update(buffer.subarray(0, n));
        progress(digest.bytes);
        await new Promise<void>((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
      }
    } finally {
      closeSync(target);
    }
  } catch (error) {
    throw storageError(to, error, 'LONGCONV_CACHE');
  } finally {
    closeSync(source);
  }
  return digest;
}
