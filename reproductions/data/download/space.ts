/** Room on the disk: before anything is written, and while what nobody knew the size of is written. */
import { mkdirSync, statfsSync } from 'node:fs';
import { showBytes } from '../../../results/tables.ts';
import { StorageError, storageError } from '../../../results/terminal/errors.ts';

/** Left for everybody else. */
const SPARE = 64 << 20;

const SPARE_FILES = 1000;

const remedy = 'make room, or choose another disk with LONGCONV_CACHE';

/** Makes the folder. Throws `StorageError` when `bytes` more do not fit there; 0 is "nobody knows how many". */
export function requireSpace(folder: string, bytes: number, what: string, free = freeBytes): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw storageError(folder, error, 'LONGCONV_CACHE');
  }
  const left = free(folder);
  if (bytes === 0 && left < SPARE)
    throw new StorageError(
      `${what}: ${folder} has ${showBytes(left)} free, less than the ${showBytes(SPARE)} that stay in reserve: ${remedy}`,
    );
  if (bytes + SPARE > left)
    throw new StorageError(
      `${what} needs ${showBytes(bytes)} and ${folder} has ${showBytes(left)} free (${showBytes(SPARE)} stay in reserve): ${remedy}`,
    );
}

/** The disk while it is written to. */
export class SpaceWatch {
  #looked = 0;
  #files = 0;

  constructor(
    readonly folder: string,
    readonly what: string,
    readonly free = freeBytes,
    readonly freeFiles = freeNames,
  ) {}

  /**
   * Throws `StorageError` when the reserve is touched. `bytes` have been written; `share` of the work is done, if that
   * is known, which says how much more is needed. Looks every 16 MiB and every 256 calls: files take more than bytes.
   */
  look(bytes: number, share: number | null): void {
    if (bytes - this.#looked < 16 << 20 && ++this.#files % 256) return;
    this.#looked = bytes;
    if (this.freeFiles(this.folder) < SPARE_FILES)
      throw new StorageError(
        `${this.what}: the file system of ${this.folder} can hold hardly any more files (it is out of inodes, not of bytes): ` +
          'remove many small files, or choose another disk with LONGCONV_CACHE',
      );
    const left = this.free(this.folder);
    if (left >= SPARE) return;
    const more = share !== null && share > 0.001 ? bytes / share - bytes : null;
    throw new StorageError(
      `${this.what}: ${this.folder} has ${showBytes(left)} left after ${showBytes(bytes)} were unpacked` +
        `${more === null || share === null ? '' : `, ${Math.floor(100 * share)} % of the archive; about ${showBytes(more)} more are needed`} ` +
        `(${showBytes(SPARE)} stay in reserve): ${remedy}`,
    );
  }
}

export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** How many more files fit; some file systems have no such number, and say 0 of 0. */
export function freeNames(folder: string): number {
  const { files, ffree } = statfsSync(folder);
  return files > 0 ? ffree : Number.POSITIVE_INFINITY;
}
