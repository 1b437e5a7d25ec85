/** The texts of one column chunk, page by page: data pages of both versions, plain or by a dictionary. */
import { crc32 } from 'node:zlib';
import { Cursor } from '../cursor.ts';
import { FormatError } from '../format-error.ts';
import type { RandomAccess } from '../random-access.ts';
import { unpackPage } from './codec.ts';
import type { Chunk } from './metadata.ts';
import { readRuns } from './runs.ts';
import { readStruct, type Struct } from './thrift.ts';

/** Page headers are short, but may hold the smallest and the largest text of the page. */
const HEADER = 2 ** 12;
const LARGEST_HEADER = 2 ** 24;
const LARGEST_PAGE = 2 ** 28;
/** Equal values need no bytes of their own, so that their number has a bound of its own. */
const MOST_VALUES = 2 ** 24;

const DATA = 0;
const DICTIONARY = 2;
const DATA_V2 = 3;
const encodings: Readonly<Record<number, 'plain' | 'dictionary'>> = { 0: 'plain', 2: 'dictionary', 8: 'dictionary' };

interface Page {
  header: Struct;
  type: number;
  /** As they stand in the file. */
  bytes: Uint8Array;
  offset: number;
  /** Uncompressed. */
  size: number;
}

/** Yields the texts of each data page; a row without one is a `FormatError` with the row counted from `firstRow`. */
export async function* readTexts(access: RandomAccess, chunk: Chunk, firstRow: number): AsyncGenerator<string[]> {
  const { file } = access;
  let dictionary: string[] | null = null;
  let done = 0;
  for await (const page of readPages(access, chunk)) {
    if (page.type === DICTIONARY) {
      const about = page.header.struct(7, 'description of a dictionary');
      const count = about.count(1, 'number of values');
      if (encodings[about.count(2, 'encoding')] === undefined) about.fail('has a dictionary that is not plain');
      const bytes = await unpackPage(page.bytes, chunk.codec, page.size, file, page.offset);
      dictionary = readPlain(new Cursor(bytes, file, 0, page.offset), count);
      continue;
    }
    if (page.type !== DATA && page.type !== DATA_V2) continue;
    const { cursor, count, encoding } = await openPage(page, chunk, file, firstRow + done);
    if (done + count > chunk.rows) page.header.fail(`has values beyond the ${chunk.rows} rows of its group`);
    done += count;
    yield encoding === 'plain' ? readPlain(cursor, count) : lookUp(cursor, count, dictionary);
  }
  if (done !== chunk.rows)
    throw new FormatError(file, chunk.offset, `a group of ${chunk.rows} rows has pages with ${done} values`);
}

async function* readPages(access: RandomAccess, chunk: Chunk): AsyncGenerator<Page> {
  const end = chunk.offset + chunk.bytes;
  for (let at = chunk.offset; at < end; ) {
    const { header, length } = await readHeader(access, at, end);
    const size = header.count(2, 'size');
    const packed = header.count(3, 'compressed size');
    at += length;
    if (packed > end - at) header.fail(`has ${packed} bytes where its column has ${end - at} left`);
    if (packed > LARGEST_PAGE || size > LARGEST_PAGE) header.fail(`has ${Math.max(packed, size)} bytes, too many`);
    const bytes = await access.read(at, packed, 'a page');
    const sum = header.integer(4, 'checksum');
    if (sum !== null && (sum | 0) !== (crc32(bytes) | 0)) header.fail('has other bytes than its checksum says');
    yield { header, type: header.count(1, 'kind'), bytes, offset: at, size };
    at += packed;
  }
}

/** Its length is not known before it has been read: more is taken until it fits. */
async function readHeader(access: RandomAccess, at: number, end: number): Promise<{ header: Struct; length: number }> {
  for (let take = HEADER; ; take *= 16) {
    const cursor = new Cursor(
      await access.read(at, Math.min(take, end - at), 'the header of a page'),
      access.file,
      0,
      at,
    );
    try {
      return { header: readStruct(cursor, 'the page'), length: cursor.at };
    } catch (error) {
      if (!(error instanceof FormatError) || take >= end - at || take >= LARGEST_HEADER) throw error;
    }
  }
}

/** A data page, decompressed, behind its levels. */
async function openPage(page: Page, chunk: Chunk, file: string, firstRow: number) {
  const second = page.type === DATA_V2;
  const about = page.header.struct(second ? 8 : 5, 'description of its data');
  const count = about.count(1, 'number of values');
  if (count > MOST_VALUES) about.fail(`has ${count} values; ${MOST_VALUES} are read`);
  const number = about.count(second ? 4 : 2, 'encoding');
  const encoding = encodings[number];
  if (!encoding)
    return about.fail(`has the encoding ${number}, which is not read: write the file plain or with a dictionary`);
  if (!second) {
    const bytes = await unpackPage(page.bytes, chunk.codec, page.size, file, page.offset);
    const cursor = new Cursor(bytes, file, 0, page.offset);
    if (!chunk.required) {
      const length = cursor.u32('the levels of a page');
      requireAll(cursor.take(length, 'the levels of a page'), count, file, page.offset, firstRow);
    }
    return { cursor, count, encoding };
  }
  const levels = about.count(5, 'size of its levels');
  const repetition = about.count(6, 'size of its repetition levels');
  if (repetition) about.fail('has lists, where there are none');
  if (levels > page.bytes.length || levels > page.size) about.fail('has levels that are longer than it is');
  if (chunk.required ? levels : !levels && count) about.fail(`has ${levels} bytes of levels`);
  requireAll(page.bytes.subarray(0, levels), chunk.required ? 0 : count, file, page.offset, firstRow);
  const rest = page.bytes.subarray(levels);
  const codec = about.flag(7, true) ? chunk.codec : 0;
  const bytes = await unpackPage(rest, codec, page.size - levels, file, page.offset + levels);
  return { cursor: new Cursor(bytes, file, 0, page.offset + levels), count, encoding };
}

/** Every row has a value: the levels of a column that may have none are all one. */
function requireAll(levels: Uint8Array, count: number, file: string, offset: number, firstRow: number): void {
  const none = readRuns(new Cursor(levels, file, 0, offset), 1, count, 'the levels of a page').indexOf(0);
  if (none >= 0) throw new FormatError(file, offset, `row ${firstRow + none} has no text`);
}

function readPlain(cursor: Cursor, count: number): string[] {
  if (count * 4 > cursor.left) cursor.fail(`${count} texts do not fit into a page of ${cursor.left} bytes`);
  const texts = Array.from({ length: count }, () => cursor.utf8(cursor.u32('the length of a text'), 'a text'));
  if (cursor.left) cursor.fail(`${cursor.left} bytes follow the last text of a page`);
  return texts;
}

function lookUp(cursor: Cursor, count: number, dictionary: string[] | null): string[] {
  if (!dictionary) return cursor.fail('the page needs a dictionary, and none came before it');
  if (!count) return [];
  const start = cursor.at;
  const indices = readRuns(cursor, cursor.u8('the width of an index'), count, 'the indices of a page');
  return Array.from(indices, (index) => {
    const text = dictionary[index];
    return text ?? cursor.fail(`a text has the number ${index} of a dictionary of ${dictionary.length}`, start);
  });
}
