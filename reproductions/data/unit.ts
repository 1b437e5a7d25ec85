/**
 * Prepared data on disk. One file per unit (a whole small dataset, or a shard of a large one):
 *
 *     bytes 0..7    magic "LCDATA02" (the last two digits are the version of this layout)
 *     bytes 8..11   header length h, unsigned 32-bit little endian; 44 + h is a multiple of 8
 *     bytes 12..43  SHA-256 of bytes 0..11 and of the header: the unit's digest
 *     44..44+h      header: JSON { key, arrays: [{ name, dtype: 'u8'|'u16'|'i32'|'f32', length, offset }],
 *                   block, blocks: [hexadecimal SHA-256 of each block of the payload] }, filled up with spaces
 *     then          payload: the arrays, little endian, each at `offset` (a multiple of 8) from the payload's start and
 *                   filled up with zeros; its blocks are of `block` bytes, the last one shorter
 *
 * `key` is the complete recipe (dataset, settings, seed, range of samples). The digest stands for every byte, and to
 * know it the header is enough: a unit is opened without reading its data. Elements are read by position, and a block is
 * verified when it is first touched, so that a set of any size takes no memory and no time to open.
 *
 * Units of version 01 are read too: there bytes 12..43 are the SHA-256 of bytes 0..11 and of everything after byte 43,
 * the header has no blocks, and the whole file is verified at once.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

export type CacheArray = Uint8Array | Uint16Array | Int32Array | Float32Array;
export type CacheArrays = Record<string, CacheArray>;

interface ArrayHeader {
  name: string;
  dtype: 'u8' | 'u16' | 'i32' | 'f32';
  length: number;
  offset: number;
}
interface Header {
  key: unknown;
  arrays: ArrayHeader[];
  block: number;
  blocks: string[];
}

const MAGIC = 'LCDATA02';
const OLD_MAGIC = 'LCDATA01';
const HEADER_AT = 44;
const BLOCK = 1 << 18;
/** A header is no longer than this: 16 GB of blocks. */
const LONGEST_HEADER = 1 << 23;
/** Files that are held open, over all units. */
const MOST_OPEN = 64;
const types = { u8: Uint8Array, u16: Uint16Array, i32: Int32Array, f32: Float32Array } as const;

/** The file is not what it should be; the message says in which way. */
export class CorruptFileError extends Error {
  override name = 'CorruptFileError';
}

/** The file's bytes: head and arrays, to be written one after the other. */
export function encodeUnit(key: unknown, arrays: CacheArrays): Uint8Array[] {
  let end = 0;
  const payload: Uint8Array[] = [];
  const headers: ArrayHeader[] = Object.entries(arrays).map(([name, array]) => {
    const offset = end;
    end = align(offset + array.byteLength);
    payload.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    payload.push(new Uint8Array(end - offset - array.byteLength));
    return { name, dtype: dtypeOf(array), length: array.length, offset };
  });
  const header: Header = { key, arrays: headers, block: BLOCK, blocks: digestsOf(payload) };
  const json = Buffer.from(JSON.stringify(header));
  const length = align(HEADER_AT + json.length) - HEADER_AT;
  const head = Buffer.alloc(HEADER_AT + length, ' ');
  head.write(MAGIC, 'latin1');
  head.writeUInt32LE(length, 8);
  head.set(json, HEADER_AT);
  head.set(headDigest(head), 12);
  return [head, ...payload];
}

/** A unit whose header has been read and verified. */
export class Unit {
  readonly #payload: number;
  readonly #verified: Uint8Array;

  private constructor(
    readonly path: string,
    readonly header: Header,
    /** Hexadecimal; it stands for every byte of the unit. */
    readonly digest: string,
    payload: number,
    verified: boolean,
  ) {
    this.#payload = payload;
    this.#verified = new Uint8Array(header.blocks.length).fill(verified ? 1 : 0);
  }

  /** Throws `CorruptFileError` when the header is not as it was written or the file has another length. */
  static open(path: string): Unit {
    const file = openSync(path, 'r');
    try {
      const state = fstatSync(file);
      if (state.isDirectory()) throw corrupt(path, 'it is a folder');
      const { size } = state;
      const head = Buffer.alloc(HEADER_AT);
      const known = read(file, head, 0) === HEADER_AT ? head.toString('latin1', 0, 8) : '';
      if (known === OLD_MAGIC) return Unit.#openOld(path);
      const length = head.readUInt32LE(8);
      if (known !== MAGIC) throw corrupt(path, 'not a data file');
      if (length > LONGEST_HEADER) throw corrupt(path, 'its header has no possible length');
      const whole = Buffer.alloc(HEADER_AT + length);
      if (read(file, whole, 0) < whole.length) throw corrupt(path, 'it ends in its header');
      const digest = headDigest(whole);
      if (!digest.equals(whole.subarray(12, HEADER_AT)))
        throw corrupt(path, 'the checksum of its header does not match');
      const header = JSON.parse(whole.toString('utf8', HEADER_AT)) as Header;
      const expected = whole.length + lengthOf(header);
      if (size !== expected) throw corrupt(path, `it has ${size} bytes instead of ${expected}`);
      return new Unit(path, header, digest.toString('hex'), whole.length, false);
    } finally {
      closeSync(file);
    }
  }

  static #openOld(path: string): Unit {
    const bytes = readFileSync(path);
    const digest = createHash('sha256').update(bytes.subarray(0, 12)).update(bytes.subarray(HEADER_AT)).digest();
    if (!digest.equals(bytes.subarray(12, HEADER_AT))) throw corrupt(path, 'its checksum does not match its content');
    const length = bytes.readUInt32LE(8);
    const { key, arrays } = JSON.parse(bytes.toString('utf8', HEADER_AT, HEADER_AT + length));
    const header: Header = { key, arrays, block: Number.MAX_SAFE_INTEGER, blocks: [''] };
    return new Unit(path, header, digest.toString('hex'), align(HEADER_AT + length), true);
  }

  get key(): unknown {
    return this.header.key;
  }

  /** Hexadecimal SHA-256 of the arrays alone: the same for the same data under another key. */
  get content(): string {
    const { arrays, blocks } = this.header;
    return createHash('sha256')
      .update(JSON.stringify([arrays, blocks]))
      .digest('hex');
  }

  /** Elements of an array. */
  length(name: string): number {
    return this.#find(name).length;
  }

  /** Elements [from, from + count) of an array. Throws `CorruptFileError` when they are not as they were written. */
  read(name: string, from = 0, count = this.length(name) - from): CacheArray {
    const { dtype, length, offset } = this.#find(name);
    if (!(from >= 0 && count >= 0 && from + count <= length))
      throw new RangeError(`${this.path}: elements ${from} to ${from + count} of ${name}, which has ${length}`);
    const Type = types[dtype];
    const array = new Type(count);
    const start = offset + from * Type.BYTES_PER_ELEMENT;
    const file = this.#open();
    if (count) this.#verify(file, start, start + array.byteLength);
    if (read(file, new Uint8Array(array.buffer), this.#payload + start) < array.byteLength)
      throw corrupt(this.path, 'it has become shorter');
    return array;
  }

  /** Every array, and with them every byte of the file. */
  all(): CacheArrays {
    const end = lengthOf(this.header);
    if (end) this.#verify(this.#open(), 0, end);
    return Object.fromEntries(this.header.arrays.map(({ name }) => [name, this.read(name)]));
  }

  /** Closes the file; a later read opens it again. */
  close(): void {
    const file = opened.get(this);
    if (file === undefined) return;
    opened.delete(this);
    closeSync(file);
  }

  #open(): number {
    let file = opened.get(this);
    if (file === undefined) {
      file = openSync(this.path, 'r');
      // What has been verified was read from a file with this digest.
      const head = Buffer.alloc(HEADER_AT);
      if (read(file, head, 0) < HEADER_AT || head.toString('hex', 12) !== this.digest) {
        closeSync(file);
        throw corrupt(this.path, 'it is not the file that was opened');
      }
    }
    opened.delete(this);
    opened.set(this, file);
    if (opened.size > MOST_OPEN) (opened.keys().next().value as Unit).close();
    return file;
  }

  #find(name: string): ArrayHeader {
    const found = this.header.arrays.find((array) => array.name === name);
    if (!found) throw new RangeError(`${this.path} has no array "${name}"`);
    return found;
  }

  #verify(file: number, start: number, end: number): void {
    const { block, blocks } = this.header;
    for (let i = Math.floor(start / block); i * block < end; i++) {
      if (this.#verified[i]) continue;
      const bytes = Buffer.alloc(Math.min(block, lengthOf(this.header) - i * block));
      const have = read(file, bytes, this.#payload + i * block);
      if (have < bytes.length || createHash('sha256').update(bytes).digest('hex') !== blocks[i])
        throw corrupt(this.path, `the checksum of block ${i} of ${blocks.length} does not match`);
      this.#verified[i] = 1;
    }
  }
}

/** Open files, the one that was used last at the end. */
const opened = new Map<Unit, number>();

/** Fills `into` from `position` on; the number of bytes that were there. */
function read(file: number, into: Uint8Array, position: number): number {
  let have = 0;
  while (have < into.length) {
    const more = readSync(file, into, have, into.length - have, position + have);
    if (!more) break;
    have += more;
  }
  return have;
}

const corrupt = (path: string, what: string) => new CorruptFileError(`${path} is corrupt (${what})`);

/** SHA-256 of the head but for the place of the digest itself. */
const headDigest = (head: Uint8Array): Buffer =>
  createHash('sha256').update(head.subarray(0, 12)).update(head.subarray(HEADER_AT)).digest();

/** Bytes of the payload. */
const lengthOf = ({ arrays }: Header): number =>
  arrays.reduce(
    (end, { offset, length, dtype }) => Math.max(end, align(offset + length * types[dtype].BYTES_PER_ELEMENT)),
    0,
  );

/** Digests of the blocks of the payload, which comes in parts. */
function digestsOf(parts: readonly Uint8Array[]): string[] {
  const digests: string[] = [];
  let hash = createHash('sha256');
  let room = BLOCK;
  for (const part of parts)
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + room);
      hash.update(piece);
      at += piece.length;
      room -= piece.length;
      if (room) continue;
      digests.push(hash.digest('hex'));
      hash = createHash('sha256');
      room = BLOCK;
    }
  if (room < BLOCK) digests.push(hash.digest('hex'));
  return digests;
}

const align = (n: number): number => Math.ceil(n / 8) * 8;

function dtypeOf(array: CacheArray): ArrayHeader['dtype'] {
  if (array instanceof Uint8Array) return 'u8';
  if (array instanceof Uint16Array) return 'u16';
  return array instanceof Int32Array ? 'i32' : 'f32';
}
