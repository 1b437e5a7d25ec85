/** What a parquet file says of itself at its end: where the pages of a column are. */
import { Cursor } from '../cursor.ts';
import { FormatError, quoted } from '../format-error.ts';
import type { RandomAccess } from '../random-access.ts';
import { readStruct, type Struct } from './thrift.ts';

const MAGIC = 'PAR1';
/** Bytes behind the metadata: their length and the magic word. */
const END = 8;
const LARGEST = 2 ** 28;

/** The pages of a column in one group of rows. */
export interface Chunk {
  rows: number;
  /** Of the first page. */
  offset: number;
  bytes: number;
  codec: number;
  /** Every row has a value. */
  required: boolean;
}

const BYTE_ARRAY = 6;
const REQUIRED = 0;
const REPEATED = 2;

/** Chunks of a text column, in the order of their rows. */
export async function readChunks(access: RandomAccess, column: string): Promise<Chunk[]> {
  const metadata = await readMetadata(access);
  const required = textColumn(metadata, column, access.file);
  const rows = metadata.count(3, 'number of rows');
  let before = 0;
  const chunks = metadata.structs(4, 'groups of rows').map((group) => {
    const count = group.count(3, 'number of rows');
    const found = group
      .structs(1, 'columns')
      .map((chunk) => chunk.struct(3, 'metadata of a column'))
      .find((about) => about.texts(3, 'path of a column').join('.') === column);
    if (!found) return group.fail(`has a group of rows without the column ${quoted(column)}`);
    before += count;
    return chunkOf(found, count, required, access);
  });
  if (before !== rows) metadata.fail(`says ${rows} rows, and its groups have ${before}`);
  return chunks;
}

async function readMetadata(access: RandomAccess): Promise<Struct> {
  const head = await access.read(0, MAGIC.length, 'the first bytes of a parquet file');
  if (Buffer.from(head).toString('latin1') !== MAGIC)
    throw new FormatError(access.file, 0, 'this is not a parquet file (it does not begin with PAR1)');
  const at = access.size - END;
  if (at < MAGIC.length) throw new FormatError(access.file, access.size, 'the parquet file is cut short');
  const end = Buffer.from(await access.read(at, END, 'the last bytes of a parquet file'));
  if (end.toString('latin1', 4) !== MAGIC)
    throw new FormatError(access.file, at + 4, 'the parquet file is cut short (it does not end with PAR1)');
  const length = end.readUInt32LE(0);
  if (length > at - MAGIC.length)
    throw new FormatError(access.file, at, 'the parquet metadata are longer than the file');
  if (length > LARGEST) throw new FormatError(access.file, at, `parquet metadata of ${length} bytes are not read`);
  const bytes = await access.read(at - length, length, 'the parquet metadata');
  return readStruct(new Cursor(bytes, access.file, 0, at - length), 'the parquet metadata');
}

/** Whether every row must have a value. Refuses columns that are not text. Columns within others are passed over. */
function textColumn(metadata: Struct, column: string, file: string): boolean {
  const schema = metadata.structs(2, 'schema');
  const children = (at: number) => schema[at]?.count(5, 'number of children', 0) ?? metadata.fail('has half a schema');
  for (let at = 1, left = children(0); left > 0; left--) {
    const found = schema[at];
    if (children(at) === 0 && found.text(4, 'name of a column') === column) {
      const repetition = found.integer(3, 'repetition');
      if (repetition === REPEATED) found.fail(`has lists in the column ${quoted(column)}`);
      if (found.integer(1, 'type of a column') !== BYTE_ARRAY)
        found.fail(`has no text in the column ${quoted(column)}`);
      return repetition === REQUIRED;
    }
    for (let inside = 1; inside > 0; inside--, at++) inside += children(at);
  }
  throw new FormatError(file, null, `there is no column ${quoted(column)}`);
}

function chunkOf(about: Struct, rows: number, required: boolean, access: RandomAccess): Chunk {
  if (about.integer(1, 'type of a column') !== BYTE_ARRAY) about.fail('has no text where there should be some');
  const values = about.count(5, 'number of values');
  if (values !== rows) about.fail(`has ${values} values in a group of ${rows} rows`);
  const data = about.count(9, 'place of the data pages');
  const dictionary = about.count(11, 'place of the dictionary', 0);
  const offset = dictionary > 0 && dictionary < data ? dictionary : data;
  const bytes = about.count(7, 'size of a column');
  if (offset < MAGIC.length || offset + bytes > access.size - END)
    about.fail(`has pages at ${offset} to ${offset + bytes}, outside of the file`);
  return { rows, offset, bytes, codec: about.count(4, 'codec'), required };
}
