/**
 * zip archives by their central directory (PKWARE APPNOTE): stored and deflated entries, sizes and CRC-32 verified.
 * Refused in words: zip64 archives, archives in several parts, encrypted entries, other compression methods.
 */
import { crc32, createInflateRaw } from 'node:zlib';
import { Cursor } from './cursor.ts';
import { FormatError, quoted } from './format-error.ts';
import { bytesAccess, fileAccess, type RandomAccess } from './random-access.ts';
import { through } from './through.ts';

export interface ZipEntry {
  /** As it stands in the archive: not yet safe to use as a file name. */
  path: string;
  kind: 'file' | 'folder' | 'link' | 'other';
  size: number;
  /** Of its record in the central directory. */
  offset: number;
  content(): AsyncGenerator<Uint8Array>;
  /** The content in one array; refused beyond `limit` bytes. */
  bytes(limit?: number): Promise<Uint8Array>;
}

export interface Zip extends AsyncDisposable {
  entries: ZipEntry[];
}

const END = 22;
const PIECE = 1 << 18;
const LARGEST_IN_MEMORY = 1 << 30;

export async function openZip(from: string | { bytes: Uint8Array; file: string }): Promise<Zip> {
  const access = typeof from === 'string' ? await fileAccess(from) : bytesAccess(from.bytes, from.file);
  try {
    return { entries: await readDirectory(access), [Symbol.asyncDispose]: () => access[Symbol.asyncDispose]() };
  } catch (error) {
    await access[Symbol.asyncDispose]();
    throw error;
  }
}

async function readDirectory(access: RandomAccess): Promise<ZipEntry[]> {
  // The end record is the last thing but for a comment of at most 65535 bytes.
  const span = Math.min(access.size, END + 0xffff);
  const base = access.size - span;
  const tail = Buffer.from(await access.read(base, span, 'the end of the archive'));
  let at = tail.length - END;
  while (at >= 0 && !(tail.readUInt32LE(at) === 0x06054b50 && at + END + tail.readUInt16LE(at + 20) === tail.length))
    at--;
  if (at < 0)
    throw new FormatError(access.file, access.size, 'this is not a whole zip archive (its end record is missing)');
  const end = new Cursor(tail, access.file, at + 4, base);
  const disks = [end.u16('a disk number'), end.u16('a disk number')];
  const counts = [end.u16('a count'), end.u16('a count')];
  const size = end.u32('the size of the directory');
  const start = end.u32('the offset of the directory');
  if (counts[1] === 0xffff || size === 0xffffffff || start === 0xffffffff)
    end.fail('zip64 archives are not supported: unpack this one with another program', at);
  if (disks[0] || disks[1] || counts[0] !== counts[1]) end.fail('archives in several parts are not supported', at);
  if (start + size > base + at) end.fail('the central directory overlaps the end record', at);
  const directory = new Cursor(await access.read(start, size, 'the central directory'), access.file, 0, start);
  const entries: ZipEntry[] = [];
  for (let i = 0; i < counts[1]; i++) entries.push(readEntry(access, directory, start));
  if (directory.left) directory.fail(`the central directory has more than its ${counts[1]} entries`);
  return entries;
}

function readEntry(access: RandomAccess, directory: Cursor, limit: number): ZipEntry {
  const from = directory.at;
  if (directory.u32('an entry') !== 0x02014b50) directory.fail('this is not an entry of a central directory', from);
  const system = directory.u16('the version') >> 8;
  directory.take(2, 'the version');
  const flags = directory.u16('the flags');
  const method = directory.u16('the method');
  directory.take(4, 'the date');
  const crc = directory.u32('the checksum');
  const packed = directory.u32('the compressed size');
  const size = directory.u32('the size');
  const lengths = [0, 1, 2].map(() => directory.u16('a length'));
  directory.take(4, 'the attributes');
  const mode = directory.u32('the attributes') >>> 16;
  const local = directory.u32('the place of the entry');
  const name = directory.take(lengths[0], 'the name of an entry');
  directory.take(lengths[1] + lengths[2], 'the extra fields of an entry');
  // Bit 11: UTF-8; otherwise code page 437, of which only ASCII is taken.
  const path = Buffer.from(name).toString(flags & 0x800 ? 'utf8' : 'latin1');
  const refuse = (why: string): never => directory.fail(`the entry ${quoted(path)} ${why}`, from);
  if (!(flags & 0x800) && name.some((byte) => byte > 126)) refuse('has a name that is neither ASCII nor UTF-8');
  if (packed === 0xffffffff || size === 0xffffffff || local === 0xffffffff) refuse('is zip64, which is not supported');
  if (flags & 0x2041) refuse('is encrypted');
  if (method !== 0 && method !== 8)
    refuse(`uses compression method ${method}; only stored (0) and deflate (8) are read`);
  if (method === 0 && packed !== size) refuse(`is stored, yet has two sizes (${packed} and ${size})`);
  if (local + 30 + packed > limit) refuse('reaches into the central directory');
  const offset = directory.base + from;
  const content = () => readContent(access, { path, name, local, packed, size, method, crc, limit });
  const bytes = async (most = LARGEST_IN_MEMORY): Promise<Uint8Array> => {
    if (size > most) refuse(`has ${size} bytes; ${most} are allowed here`);
    const parts: Uint8Array[] = [];
    for await (const part of content()) parts.push(part);
    return Buffer.concat(parts);
  };
  return { path, kind: kindOf(path, system === 3 ? mode & 0xf000 : 0), size, offset, content, bytes };
}

/** `type` is the file type of a Unix mode, 0 where none was kept. */
function kindOf(path: string, type: number): ZipEntry['kind'] {
  if (path.endsWith('/')) return 'folder';
  if (type === 0xa000) return 'link';
  return type === 0 || type === 0x8000 ? 'file' : 'other';
}

interface Place {
  path: string;
  name: Uint8Array;
  local: number;
  packed: number;
  size: number;
  method: number;
  crc: number;
  limit: number;
}

async function* readContent(access: RandomAccess, place: Place): AsyncGenerator<Uint8Array> {
  const { file } = access;
  const { path, local, packed, size, limit } = place;
  const head = new Cursor(await access.read(local, 30, `the header of ${quoted(path)}`), file, 0, local);
  if (head.u32('a signature') !== 0x04034b50) head.fail(`the header of the entry ${quoted(path)} is not here`, 0);
  head.at = 26;
  const nameLength = head.u16('a length');
  const start = local + 30 + nameLength + head.u16('a length');
  const name = await access.read(local + 30, nameLength, 'the name of an entry');
  if (!Buffer.from(name).equals(place.name)) head.fail(`the header of the entry ${quoted(path)} has another name`, 0);
  if (start + packed > limit) head.fail(`the entry ${quoted(path)} reaches into the central directory`, 0);
  const raw = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < packed; at += PIECE)
      yield await access.read(start + at, Math.min(PIECE, packed - at), `the entry ${quoted(path)}`);
  };
  const plain =
    place.method === 0
      ? raw()
      : through(raw(), createInflateRaw(), file, `the entry ${quoted(path)} is damaged`, start);
  let have = 0;
  let crc = 0;
  for await (const chunk of plain) {
    have += chunk.length;
    if (have > size) throw new FormatError(file, start, `the entry ${quoted(path)} holds more than its ${size} bytes`);
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (have !== size)
    throw new FormatError(file, start, `the entry ${quoted(path)} holds ${have} bytes instead of ${size}`);
  if (crc !== place.crc) throw new FormatError(file, start, `the checksum of the entry ${quoted(path)} does not match`);
}
