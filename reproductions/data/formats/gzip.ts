/** gzip streams, of one member or several (RFC 1952). Truncation, wrong checksums and trailing bytes are errors. */
import { createGunzip } from 'node:zlib';
import type { Chunks } from './byte-stream.ts';
import { FormatError } from './format-error.ts';
import { through } from './through.ts';

export async function* gunzip(source: Chunks, file: string): AsyncGenerator<Uint8Array> {
  let read = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      read += chunk.length;
      yield chunk;
    }
    if (!read) throw new FormatError(file, 0, 'the file is empty where a gzip stream should be');
  };
  const decoder = createGunzip();
  yield* through(counted(), decoder, file, 'the gzip stream is damaged or cut short');
  const used = decoder.bytesWritten;
  if (used < read) throw new FormatError(file, used, `${read - used} bytes follow the end of the gzip stream`);
}
