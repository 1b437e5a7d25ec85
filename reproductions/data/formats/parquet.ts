/**
 * Rows of parquet files (the Hugging Face form of WikiText-103 and others), through hyparquet. Files that are cut
 * short are refused. hyparquet trusts the counts inside of pages, so that a file with changed bytes there can take
 * very long or much memory: read only files whose checksum has been verified.
 */
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { asFormatError, FormatError } from './format-error.ts';
import { bytesAccess, fileAccess, type RandomAccess } from './random-access.ts';

const END = 8;
/** Rows of a group are in memory at once; the writers in use put some thousands to a million into one. */
const LARGEST_GROUP = 1 << 30;

/** One column of text, row by row, a row group in memory at a time. Rows without a value are refused. */
export async function* readTextColumn(
  from: string | { bytes: Uint8Array; file: string },
  column: string,
): AsyncGenerator<string> {
  await using access = typeof from === 'string' ? await fileAccess(from) : bytesAccess(from.bytes, from.file);
  const { file } = access;
  await checkEnds(access);
  const buffer = {
    byteLength: access.size,
    async slice(start: number, end = access.size): Promise<ArrayBuffer> {
      const bytes = await access.read(start, end - start, 'a part of the parquet file');
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    },
  };
  const metadata = await attempt(file, 'the parquet metadata are damaged', () => parquetMetadataAsync(buffer));
  if (!metadata.schema?.some?.(({ name }) => name === column))
    throw new FormatError(file, null, `there is no column ${JSON.stringify(column)}`);
  let rowStart = 0;
  for (const group of metadata.row_groups ?? []) {
    const rows = Number(group.num_rows);
    const size = Number(group.total_byte_size);
    if (!(rows >= 0 && size >= 0 && rows <= size * 1000 + 1000 && size <= LARGEST_GROUP))
      throw new FormatError(file, null, `a row group of ${rows} rows and ${size} bytes is not read`);
    const objects = await attempt(file, 'the parquet data are damaged', () =>
      parquetReadObjects({ file: buffer, metadata, columns: [column], rowStart, rowEnd: rowStart + rows, compressors }),
    );
    if (objects.length !== rows)
      throw new FormatError(file, null, `a row group has ${objects.length} rows instead of ${rows}`);
    for (let i = 0; i < rows; i++) {
      const value: unknown = objects[i][column];
      if (typeof value !== 'string')
        throw new FormatError(file, null, `row ${rowStart + i} has no text in the column ${JSON.stringify(column)}`);
      yield value;
    }
    rowStart += rows;
  }
}

async function checkEnds(access: RandomAccess): Promise<void> {
  const head = await access.read(0, 4, 'the first bytes of a parquet file');
  if (Buffer.from(head).toString('latin1') !== 'PAR1')
    throw new FormatError(access.file, 0, 'this is not a parquet file (it does not begin with PAR1)');
  const end = Buffer.from(await access.read(access.size - END, END, 'the last bytes of a parquet file'));
  if (end.toString('latin1', 4) !== 'PAR1')
    throw new FormatError(access.file, access.size - 4, 'the parquet file is cut short (it does not end with PAR1)');
  if (end.readUInt32LE(0) > access.size - END - 4)
    throw new FormatError(access.file, access.size - END, 'the parquet metadata are longer than the file');
}

/** hyparquet throws errors of many kinds at malformed files; all are about the file. */
async function attempt<T>(file: string, what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asFormatError(error, file, null, what);
  }
}
