/**
 * A text column of a parquet file (the Hugging Face form of WikiText-103 and others; apache/parquet-format). Read here,
 * not by a library, because every count and length is checked before anything is taken or looped over: a file with
 * changed bytes gives a `FormatError` or other text, but it never takes long or much memory, which no reader at hand
 * keeps to. A page is in memory at a time.
 *
 * Read are: flat columns of text, required or optional with every value there; data pages of version 1 and 2; plain and
 * dictionary encodings; no compression, snappy, gzip, zstd; checksums of pages where there are some. What else parquet
 * has is refused by name.
 */
import { readChunks } from './parquet/metadata.ts';
import { readTexts } from './parquet/pages.ts';
import { bytesAccess, fileAccess } from './random-access.ts';

/** The column's texts, row by row. Rows without a value are refused. */
export async function* readTextColumn(
  from: string | { bytes: Uint8Array; file: string },
  column: string,
): AsyncGenerator<string> {
  await using access = typeof from === 'string' ? await fileAccess(from) : bytesAccess(from.bytes, from.file);
  let row = 0;
  for (const chunk of await readChunks(access, column)) {
    for await (const texts of readTexts(access, chunk, row)) yield* texts;
    row += chunk.rows;
  }
}
