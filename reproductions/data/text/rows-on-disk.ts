/**
 * Rows of token ids that are too many for memory: one file of ids, row after row, one byte each (two, little endian,
 * where there are more than 256), read by position. Lengths and checksum are kept beside it, in a cache unit.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { endianness } from 'node:os';
import { dirname } from 'node:path';
import { storageError } from '../../../results/terminal/errors.ts';
import { CorruptFileError } from '../cache.ts';
import type { TokenRows } from './rows.ts';

/** Bytes of an id. */
export const widthOf = (vocabulary: number): 1 | 2 => (vocabulary <= 256 ? 1 : 2);

const BUFFER = 4 << 20;

/** Writes rows to a file that appears whole or not at all. */
export class RowsWriter {
  readonly #temporary: string;
  readonly #file: number;
  readonly #hash = createHash('sha256');
  readonly #buffer = new Uint8Array(BUFFER);
  #used = 0;

  constructor(
    readonly path: string,
    readonly width: 1 | 2,
  ) {
    this.#temporary = `${path}.${process.pid}.tmp`;
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#file = openSync(this.#temporary, 'w');
    } catch (error) {
      throw storageError(path, error, 'LONGCONV_CACHE');
    }
  }

  /** The first `count` of `ids`. */
  add(ids: ArrayLike<number>, count: number): void {
    if (this.#used + count * this.width > BUFFER) this.#flush();
    for (let i = 0; i < count; i++) {
      this.#buffer[this.#used++] = ids[i];
      if (this.width === 2) this.#buffer[this.#used++] = ids[i] >> 8;
    }
  }

  /** SHA-256 of the file, which is now in its place. */
  finish(): Uint8Array {
    this.#flush();
    try {
      fsyncSync(this.#file);
      closeSync(this.#file);
      renameSync(this.#temporary, this.path);
    } catch (error) {
      throw storageError(this.path, error, 'LONGCONV_CACHE');
    }
    return this.#hash.digest();
  }

  /** Leaves nothing behind that is not whole. */
  abandon(): void {
    try {
      closeSync(this.#file);
    } catch {
      // Closed already: `finish` failed after that.
    }
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    const part = this.#buffer.subarray(0, this.#used);
    this.#hash.update(part);
    try {
      for (let at = 0; at < part.length; ) at += writeSync(this.#file, part, at);
    } catch (error) {
      throw storageError(this.path, error, 'LONGCONV_CACHE');
    }
    this.#used = 0;
  }
}

/** Throws `CorruptFileError` when the file's size is not that of the rows. */
export function rowsOnDisk(path: string, lengths: ArrayLike<number>, width: 1 | 2): TokenRows {
  // Sums up to 2^53 are exact; a 32-bit offset would end at 4 GB.
  const offsets = new Float64Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) offsets[i + 1] = offsets[i] + lengths[i];
  const { size } = statSync(path);
  if (size !== offsets[lengths.length] * width)
    throw new CorruptFileError(`${path} has ${size} bytes instead of ${offsets[lengths.length] * width}`);
  const file = openSync(path, 'r');
  return {
    count: lengths.length,
    row(index) {
      const bytes = new Uint8Array(lengths[index] * width);
      for (let have = 0; have < bytes.length; ) {
        const n = readSync(file, bytes, have, bytes.length - have, offsets[index] * width + have);
        if (!n) throw new CorruptFileError(`${path} became shorter while it was being read`);
        have += n;
      }
      return width === 1 ? bytes : Int32Array.from(wide(bytes));
    },
    close: () => closeSync(file),
  };
}

function wide(bytes: Uint8Array): Uint16Array {
  if (endianness() === 'LE') return new Uint16Array(bytes.buffer);
  const view = new DataView(bytes.buffer);
  return Uint16Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true));
}
