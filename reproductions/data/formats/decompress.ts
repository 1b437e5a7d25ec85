/** A file as a stream of its content: gzip, xz and zstd are told by their first bytes, not by the file's name. */
import { createReadStream } from 'node:fs';
import type { Chunks } from './byte-stream.ts';
import { gunzip } from './gzip.ts';
import { unxz } from './xz.ts';
import { unzstd } from './zstd.ts';

export type Compression = 'gzip' | 'xz' | 'zstd' | 'none';

/** The bytes of a file as they are. */
export const fileBytes = (path: string): Chunks => createReadStream(path, { highWaterMark: 1 << 20 });

/** The content of a file, decompressed when it is compressed. */
export const openContent = (path: string): AsyncGenerator<Uint8Array> => decompress(fileBytes(path), path);

export async function* decompress(source: Chunks, file: string): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    const head: Uint8Array[] = [];
    let size = 0;
    while (size < 6) {
      const { done, value } = await iterator.next();
      if (done) break;
      head.push(value);
      size += value.length;
    }
    const start = Buffer.concat(head);
    const all = (async function* (): AsyncGenerator<Uint8Array> {
      if (start.length) yield start;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    })();
    switch (compression(start)) {
      case 'gzip':
        yield* gunzip(all, file);
        break;
      case 'xz':
        yield* unxz(all, file);
        break;
      case 'zstd':
        yield* unzstd(all, file);
        break;
      case 'none':
        yield* all;
    }
  } finally {
    await iterator.return?.();
  }
}

/** By the magic bytes; six are enough. */
export function compression(head: Uint8Array): Compression {
  const hex = Buffer.from(head.subarray(0, 6)).toString('hex');
  if (hex.startsWith('1f8b')) return 'gzip';
  if (hex === 'fd377a585a00') return 'xz';
  // A zstd file may begin with a skippable frame.
  return /^(28b52ffd|5[0-9a-f]2a4d18)/.test(hex) ? 'zstd' : 'none';
}
