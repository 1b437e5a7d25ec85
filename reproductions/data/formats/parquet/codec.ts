/** Compressed pages. The codecs of the Hugging Face files; of the others the name, and what to do. */
import { collect } from '../byte-stream.ts';
import { Cursor } from '../cursor.ts';
import { FormatError } from '../format-error.ts';
import { gunzip } from '../gzip.ts';
import { unzstd } from '../zstd.ts';
import { unsnappy } from './snappy.ts';

const names = ['none', 'snappy', 'gzip', 'lzo', 'brotli', 'lz4', 'zstd', 'lz4 raw'];

/** `bytes`, which lie at `offset`, decompressed to exactly `size` bytes. */
export async function unpackPage(
  bytes: Uint8Array,
  codec: number,
  size: number,
  file: string,
  offset: number,
): Promise<Uint8Array> {
  switch (names[codec]) {
    case 'none':
      if (bytes.length !== size)
        throw new FormatError(file, offset, `a page of ${size} bytes has ${bytes.length}, not compressed`);
      return bytes;
    case 'snappy':
      return unsnappy(new Cursor(bytes, file, 0, offset), size);
    case 'gzip':
      return await streamed(gunzip(once(bytes), file));
    case 'zstd':
      return await streamed(unzstd(once(bytes), file));
    default:
      throw new FormatError(
        file,
        offset,
        `the pages are compressed by ${names[codec] ?? `codec ${codec}`}, which is not read: write the file with snappy, gzip or zstd`,
      );
  }

  async function streamed(content: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
    let out: Uint8Array;
    try {
      out = await collect(content, file, size);
    } catch (error) {
      // Its offset is that within the page.
      if (error instanceof FormatError) throw new FormatError(file, offset, `the page is damaged: ${error.reason}`);
      throw error;
    }
    if (out.length !== size) throw new FormatError(file, offset, `a page of ${size} bytes holds ${out.length}`);
    return out;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length) yield bytes;
}
