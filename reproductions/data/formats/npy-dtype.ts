/** The element types of numpy arrays that are read: how wide, which typed array, and how one is decoded. */
import { FormatError, quoted } from './format-error.ts';

export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** `bool` is a Uint8Array of 0 and 1; `U` (UTF-32) and `S` (bytes, as Latin-1) are strings without trailing zeros. */
export interface Dtype {
  kind: 'f4' | 'f8' | 'i1' | 'i2' | 'i4' | 'i8' | 'u1' | 'u2' | 'u4' | 'u8' | 'b1' | 'U' | 'S';
  /** Bytes of an element. */
  size: number;
  bigEndian: boolean;
}

const arrays = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  b1: Uint8Array,
} as const;

const LONGEST_STRING = 1 << 20;

/** A `descr` such as `<f4`, `|u1`, `>i2` or `<U32`. */
export function parseDtype(descr: string, file: string, offset: number): Dtype {
  const match = /^([<>|=]?)([a-zA-Z])(\d{1,9})?$/.exec(descr);
  if (match) {
    const [, order, letter, digits = '1'] = match;
    const bigEndian = order === '>';
    const name = `${letter === '?' ? 'b' : letter}${digits}`;
    if (name in arrays) return { kind: name as keyof typeof arrays, size: Number(digits), bigEndian };
    const count = Number(digits);
    if ((letter === 'U' || letter === 'S') && count >= 1 && count <= LONGEST_STRING)
      return { kind: letter, size: letter === 'U' ? count * 4 : count, bigEndian };
    if (letter === 'O')
      throw new FormatError(file, offset, 'arrays of Python objects are refused: reading one would run its pickle');
  }
  throw new FormatError(
    file,
    offset,
    `the dtype ${quoted(descr)} is not read: f4, f8, i1 to i8, u1 to u8, b1, U<n> and S<n> are`,
  );
}

/** `count` elements that lie one after another at the start of `bytes`, which holds them all. Copied. */
export function decodeElements(
  bytes: Uint8Array,
  { kind, size, bigEndian }: Dtype,
  count: number,
  file: string,
  base: number,
): NumericArray | string[] {
  const own = new Uint8Array(count * size);
  own.set(bytes.subarray(0, count * size));
  if (kind === 'S')
    return Array.from({ length: count }, (_, i) =>
      Buffer.from(own.subarray(i * size, (i + 1) * size))
        .toString('latin1')
        .replace(/\0+$/, ''),
    );
  if (bigEndian) swap(own, kind === 'U' ? 4 : size);
  if (kind === 'U') {
    const points = new Uint32Array(own.buffer);
    const n = size / 4;
    return Array.from({ length: count }, (_, i) => utf32(points.subarray(i * n, (i + 1) * n), file, base + i * size));
  }
  if (kind === 'b1') {
    const bad = own.findIndex((byte) => byte > 1);
    if (bad >= 0) throw new FormatError(file, base + bad, `a boolean is ${own[bad]}, neither 0 nor 1`);
  }
  return new arrays[kind](own.buffer);
}

function swap(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}

function utf32(points: Uint32Array, file: string, offset: number): string {
  let end = points.length;
  while (end && !points[end - 1]) end--;
  let text = '';
  for (let i = 0; i < end; i++) {
    if (points[i] > 0x10ffff) throw new FormatError(file, offset + i * 4, `${points[i]} is not a character of Unicode`);
    text += String.fromCodePoint(points[i]);
  }
  return text;
}

/** The `descr` under which a typed array is written. */
export function descrOf(array: NumericArray): string {
  const kind = (Object.keys(arrays) as (keyof typeof arrays)[]).find((k) => array.constructor === arrays[k])!;
  return `${array.BYTES_PER_ELEMENT === 1 ? '|' : '<'}${kind}`;
}
