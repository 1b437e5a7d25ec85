/** Files that are read in places, not from one end to the other: in memory or on disk. */
import { open } from 'node:fs/promises';
import { FormatError } from './format-error.ts';

export interface RandomAccess {
  readonly file: string;
  readonly size: number;
  /** Exactly `length` bytes from `offset`; a `FormatError` when they are not all there. `what` names them. */
  read(offset: number, length: number, what: string): Promise<Uint8Array>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function bytesAccess(bytes: Uint8Array, file: string): RandomAccess {
  return {
    file,
    size: bytes.length,
    async read(offset, length, what) {
      checkRange({ file, size: bytes.length }, offset, length, what);
      return bytes.subarray(offset, offset + length);
    },
    async [Symbol.asyncDispose]() {},
  };
}

export async function fileAccess(path: string): Promise<RandomAccess> {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  return {
    file: path,
    size,
    async read(offset, length, what) {
      checkRange({ file: path, size }, offset, length, what);
      const bytes = Buffer.alloc(length);
      for (let have = 0; have < length; ) {
        const { bytesRead } = await handle.read(bytes, have, length - have, offset + have);
        if (!bytesRead) throw new FormatError(path, offset + have, `the file became shorter while ${what} was read`);
        have += bytesRead;
      }
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      await handle.close();
    },
  };
}

function checkRange(
  { file, size }: Pick<RandomAccess, 'file' | 'size'>,
  offset: number,
  length: number,
  what: string,
): void {
  if (!(Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0))
    throw new FormatError(file, null, `${what} lies at a place that no file has (${offset}, ${length} bytes)`);
  if (offset + length > size)
    throw new FormatError(file, offset, `${what} needs ${length} bytes and the file ends at ${size}`);
}
