/** Room on the disk, before anything is written. */
import { mkdirSync, statfsSync } from 'node:fs';
import { showBytes } from '../../../results/tables.ts';
import { StorageError, storageError } from '../../../results/terminal/errors.ts';

/** Left for everybody else. */
const SPARE = 64 << 20;

/** Makes the folder. Throws `StorageError` when `bytes` more do not fit there. */
export function requireSpace(folder: string, bytes: number, what: string, free = freeBytes): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw storageError(folder, error, 'LONGCONV_CACHE');
  }
  const left = free(folder);
  if (bytes + SPARE > left)
    throw new StorageError(
      `${what} needs ${showBytes(bytes)} and ${folder} has ${showBytes(left)} free (${showBytes(SPARE)} stay in reserve): ` +
        'make room, or choose another disk with LONGCONV_CACHE',
    );
}

export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
