/**
 * tar archives as a stream of entries: V7, ustar (POSIX.1-1988), pax headers (POSIX.1-2001: path, size, linkpath) and
 * GNU long names. Headers are checksummed. Sparse files and archives without their end mark are refused, the latter
 * because a download cut at a block border looks the same.
 */
import { ByteStream, type Chunks } from './byte-stream.ts';
import { utf8 } from './cursor.ts';
import { FormatError, quoted } from './format-error.ts';

export interface TarEntry {
  /** As it stands in the archive: not yet safe to use as a file name. */
  path: string;
  kind: 'file' | 'folder' | 'link' | 'other';
  size: number;
  /** Of its header in the (decompressed) archive. */
  offset: number;
  /** The content, once, before the next entry is asked for; what is left unread is skipped. */
  content(): AsyncGenerator<Uint8Array>;
  /** The content in one array; refused beyond `limit` bytes. */
  bytes(limit?: number): Promise<Uint8Array>;
}

const BLOCK = 512;
/** Names and pax records longer than this are no names. */
const LARGEST_NAME = 1 << 20;
const LARGEST_IN_MEMORY = 1 << 30;

export async function* readTar(source: Chunks, file: string): AsyncGenerator<TarEntry> {
  const stream: ByteStream = new ByteStream(source, file);
  try {
    const fromPax = { all: {} as Overrides, next: {} as Overrides };
    for (let first = true; ; first = false) {
      const offset = stream.offset;
      const block = await stream.takeOrEnd(BLOCK, 'a tar header');
      if (!block) stream.fail(first ? 'the file is empty where a tar archive should be' : 'the end mark is missing');
      if (block.every((byte) => byte === 0)) break;
      const header = parseHeader(block, file, offset);
      const type = header.type;
      if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
        if (header.size > LARGEST_NAME)
          stream.fail(`${header.size} bytes are too many for the name of an entry`, offset);
        const data = await stream.take(header.size, 'the name of an entry');
        await stream.skip(padding(header.size), 'the padding of a tar entry');
        if (type === 'g') Object.assign(fromPax.all, parsePax(data, file, offset + BLOCK));
        else if (type === 'x') Object.assign(fromPax.next, parsePax(data, file, offset + BLOCK));
        else if (type === 'L') fromPax.next.path = text(cString(data), file, offset + BLOCK);
        continue;
      }
      const { path = header.path, size = header.size } = { ...fromPax.all, ...fromPax.next };
      fromPax.next = {};
      if (type === 'S') stream.fail(`the entry ${quoted(path)} is a sparse file, which is not supported`, offset);
      const kind = kindOf(type, path);
      const held = kind === 'file' || kind === 'other' ? size : 0;
      let left = held;
      const content = async function* (): AsyncGenerator<Uint8Array> {
        while (left > 0) {
          const piece = await stream.some(left);
          if (!piece)
            stream.fail(`the file ends inside the entry ${quoted(path)}, ${left} bytes before its end`, offset);
          left -= piece.length;
          yield piece;
        }
      };
      const bytes = async (limit = LARGEST_IN_MEMORY): Promise<Uint8Array> => {
        if (held > limit) stream.fail(`the entry ${quoted(path)} has ${held} bytes; ${limit} are allowed here`, offset);
        const parts: Uint8Array[] = [];
        for await (const piece of content()) parts.push(piece);
        return Buffer.concat(parts);
      };
      yield { path, kind, size: held, offset, content, bytes };
      for await (const _ of content());
      await stream.skip(padding(held), 'the padding of a tar entry');
    }
    await stream.drain();
  } finally {
    await stream.close();
  }
}

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

function kindOf(type: string, path: string): TarEntry['kind'] {
  if (type === '0' || type === '\0' || type === '7') return path.endsWith('/') ? 'folder' : 'file';
  if (type === '5') return 'folder';
  return type === '1' || type === '2' ? 'link' : 'other';
}

interface Overrides {
  path?: string;
  size?: number;
}

function parseHeader(block: Uint8Array, file: string, offset: number): { path: string; size: number; type: string } {
  let unsigned = 8 * 32;
  let signed = 8 * 32;
  for (let i = 0; i < BLOCK; i++)
    if (i < 148 || i >= 156) {
      unsigned += block[i];
      signed += (block[i] << 24) >> 24;
    }
  const stored = octal(block.subarray(148, 156));
  if (stored === null || (stored !== unsigned && stored !== signed))
    throw new FormatError(file, offset, 'these 512 bytes are not a tar header (its checksum does not match)');
  const size = number(block.subarray(124, 136));
  if (size === null) throw new FormatError(file, offset + 124, 'the size of this tar entry is not a number');
  let path = text(cString(block.subarray(0, 100)), file, offset);
  // Only POSIX archives ("ustar\0") have a prefix there; GNU's ("ustar  ") keep other things in that place.
  const isPosix = Buffer.from(block.subarray(257, 263)).toString('latin1') === 'ustar\0';
  const prefix = isPosix ? text(cString(block.subarray(345, 500)), file, offset + 345) : '';
  if (prefix) path = `${prefix}/${path}`;
  return { path, size, type: String.fromCharCode(block[156]) };
}

/** Octal digits with blanks around them; an empty field is 0, as old writers left it. */
function octal(field: Uint8Array): number | null {
  const digits = Buffer.from(field).toString('latin1').replace(/\0.*$/s, '').trim();
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : null;
}

/** A size: octal, or big-endian binary behind a first bit of 1 (GNU, for 8 GiB and more). */
function number(field: Uint8Array): number | null {
  if (!(field[0] & 0x80)) return octal(field);
  let value = field[0] & 0x7f;
  for (let i = 1; i < field.length; i++) value = value * 256 + field[i];
  return Number.isSafeInteger(value) ? value : null;
}

/** Records `<length> <key>=<value>\n`, the length counting itself. */
function parsePax(data: Uint8Array, file: string, base: number): Overrides {
  const found: Overrides = {};
  for (let at = 0; at < data.length; ) {
    const head = /^(\d{1,7}) ([^=]{1,1000})=/.exec(Buffer.from(data.subarray(at, at + 1100)).toString('latin1'));
    const length = head ? Number(head[1]) : 0;
    if (!head || at + length > data.length || length <= head[0].length || data[at + length - 1] !== 10)
      throw new FormatError(file, base + at, 'this is not a record of a pax header');
    const value = text(data.subarray(at + head[0].length, at + length - 1), file, base + at);
    if (head[2] === 'path') found.path = value;
    else if (head[2] === 'size') {
      found.size = Number(value);
      if (!/^\d+$/.test(value) || !Number.isSafeInteger(found.size))
        throw new FormatError(file, base + at, `the pax header gives ${quoted(value)} as a size`);
    } else if (head[2].startsWith('GNU.sparse.'))
      throw new FormatError(file, base + at, 'the entry is a sparse file, which is not supported');
    at += length;
  }
  return found;
}

const cString = (bytes: Uint8Array): Uint8Array => {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
};

function text(bytes: Uint8Array, file: string, offset: number): string {
  const found = utf8(bytes);
  if (found === null) throw new FormatError(file, offset, 'the name of a tar entry is not UTF-8');
  return found;
}
