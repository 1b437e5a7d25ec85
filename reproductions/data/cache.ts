/**
 * Generated data on disk. One file per unit of generation (a whole small dataset, or a shard of a large one):
 *
 *     bytes 0..7    magic "LCDATA01" (the last two digits are the version of this layout)
 *     bytes 8..11   header length h, unsigned 32-bit little endian
 *     bytes 12..43  SHA-256 of bytes 0..11 and of everything from byte 44 on
 *     44..44+h      header: JSON { key, arrays: [{ name, dtype: 'u8'|'i32'|'f32', length, offset }] }
 *     then          payload: the arrays, little endian, each at `offset` (a multiple of 8) from the payload's start,
 *                   which is the next multiple of 8 after the header
 *
 * `key` is the complete recipe (dataset, settings, seed, range of samples); a file with another key is not used.
 * Files are written beside their place and renamed, so that a reader never sees half a file. A corrupt file is
 * named on stderr, renamed to `*.corrupt-<n>` and made again. The folder is LONGCONV_CACHE, or ~/.cache/longconv.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { storageError } from '../../results/terminal/errors.ts';

export type CacheArray = Uint8Array | Int32Array | Float32Array;
export type CacheArrays = Record<string, CacheArray>;

interface ArrayHeader {
  name: string;
  dtype: 'u8' | 'i32' | 'f32';
  length: number;
  offset: number;
}

const MAGIC = 'LCDATA01';
const HASHED_FROM = 44;
const types = { u8: Uint8Array, i32: Int32Array, f32: Float32Array } as const;

/** The file is not what it should be; the message says in which way. */
export class CorruptFileError extends Error {
  override name = 'CorruptFileError';
}

export const cacheFolder = (): string => process.env.LONGCONV_CACHE || join(homedir(), '.cache', 'longconv');

/** A short name for a recipe: the first 16 hex digits of the SHA-256 of its JSON. */
export const keyHash = (key: unknown): string =>
  createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16);

/** The unit of this key, from `file` below the cache folder, or made by `generate` and kept there. */
export async function cached(
  file: string,
  key: unknown,
  generate: () => Promise<CacheArrays>,
  warn: (line: string) => void = (line) => console.error(line),
): Promise<CacheArrays> {
  const path = join(cacheFolder(), file);
  if (existsSync(path)) {
    try {
      const found = readUnit(path);
      if (JSON.stringify(found.key) === JSON.stringify(key)) return found.arrays;
      warn(`${path} holds other data than asked for: making it again`);
    } catch (error) {
      if (!(error instanceof CorruptFileError)) throw error;
      warn(`${error.message}: set aside as ${setAside(path)}, making it again`);
    }
  }
  const arrays = await generate();
  writeUnit(path, key, arrays);
  return arrays;
}

export function writeUnit(path: string, key: unknown, arrays: CacheArrays): void {
  let offset = 0;
  const headers: ArrayHeader[] = Object.entries(arrays).map(([name, array]) => {
    const at = offset;
    offset = align(offset + array.byteLength);
    return { name, dtype: dtypeOf(array), length: array.length, offset: at };
  });
  const header = new TextEncoder().encode(JSON.stringify({ key, arrays: headers }));
  const body: Uint8Array[] = [header, new Uint8Array(align(HASHED_FROM + header.length) - HASHED_FROM - header.length)];
  for (const array of Object.values(arrays)) {
    body.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    body.push(new Uint8Array(align(array.byteLength) - array.byteLength));
  }
  const head = new Uint8Array(HASHED_FROM);
  head.set(new TextEncoder().encode(MAGIC));
  new DataView(head.buffer).setUint32(8, header.length, true);
  const hash = createHash('sha256').update(head.subarray(0, 12));
  for (const part of body) hash.update(part);
  head.set(hash.digest(), 12);
  writeAtomically(path, [head, ...body]);
}

/** Reads and checks a unit. Throws `CorruptFileError` when any byte is not as it was written. */
export function readUnit(path: string): { key: unknown; arrays: CacheArrays } {
  const bytes = readFileSync(path);
  const fail = (what: string): never => {
    throw new CorruptFileError(`${path} is corrupt (${what})`);
  };
  if (bytes.length < HASHED_FROM || bytes.subarray(0, 8).toString('latin1') !== MAGIC) fail('not a data file');
  const length = bytes.readUInt32LE(8);
  const digest = createHash('sha256').update(bytes.subarray(0, 12)).update(bytes.subarray(HASHED_FROM)).digest();
  if (!digest.equals(bytes.subarray(12, HASHED_FROM))) fail('its checksum does not match its content');
  const header = JSON.parse(bytes.subarray(HASHED_FROM, HASHED_FROM + length).toString('utf8'));
  const payload = bytes.byteOffset + align(HASHED_FROM + length);
  const arrays: CacheArrays = {};
  for (const { name, dtype, length: n, offset } of header.arrays as ArrayHeader[]) {
    const Type = types[dtype];
    const at = payload + offset;
    const size = n * Type.BYTES_PER_ELEMENT;
    arrays[name] =
      at % Type.BYTES_PER_ELEMENT === 0
        ? new Type(bytes.buffer as ArrayBuffer, at, n)
        : new Type(bytes.buffer.slice(at, at + size) as ArrayBuffer);
  }
  return { key: header.key, arrays };
}

/** Writes the parts to `path` so that it appears whole or not at all. */
export function writeAtomically(path: string, parts: Uint8Array[]): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(temporary, 'w');
    try {
      for (const part of parts) for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    if (existsSync(temporary)) unlinkSync(temporary);
    throw storageError(path, error, '--out, LONGCONV_RESULTS or LONGCONV_CACHE');
  }
}

/** Renames a bad file to `<path>.corrupt-<n>`, the first free n, and returns the new name. */
export function setAside(path: string): string {
  let n = 1;
  while (existsSync(`${path}.corrupt-${n}`)) n++;
  renameSync(path, `${path}.corrupt-${n}`);
  return `${path}.corrupt-${n}`;
}

const align = (n: number): number => (n + 7) & ~7;

function dtypeOf(array: CacheArray): ArrayHeader['dtype'] {
  if (array instanceof Uint8Array) return 'u8';
  return array instanceof Int32Array ? 'i32' : 'f32';
}
