/**
 * numpy's .npy files (NEP 1; versions 1.0, 2.0 and 3.0): `\x93NUMPY`, version, header length, a Python dict as text,
 * then the elements. Arrays in Fortran order come back in C order (row-major), whatever the file has.
 */
import { Cursor } from './cursor.ts';
import { FormatError, quoted } from './format-error.ts';
import { type Dtype, decodeElements, descrOf, type NumericArray, parseDtype } from './npy-dtype.ts';

export interface NdArray {
  dtype: Dtype['kind'];
  shape: number[];
  /** Row-major. 64-bit integers as bigint; `toFloat64` gives numbers. */
  data: NumericArray | string[];
}

const MAGIC = '\x93NUMPY';
const LARGEST_HEADER = 1 << 16;

export const isNpy = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, 6)).toString('latin1') === MAGIC;

export function readNpy(bytes: Uint8Array, file: string): NdArray {
  const cursor: Cursor = new Cursor(bytes, file);
  if (!isNpy(bytes)) cursor.fail('this is not a .npy file (its first bytes are not \\x93NUMPY)', 0);
  cursor.at = 6;
  const major = cursor.u8('the version');
  const minor = cursor.u8('the version');
  if (major < 1 || major > 3 || minor) cursor.fail(`version ${major}.${minor} of the .npy format is not known`, 6);
  const length = major === 1 ? cursor.u16('the header length') : cursor.u32('the header length');
  if (length > LARGEST_HEADER) cursor.fail(`a header of ${length} bytes is no header of a plain array`);
  const start = cursor.at;
  const text = major === 3 ? cursor.utf8(length, 'the header') : cursor.latin1(length, 'the header');
  const { descr, fortran, shape } = parseHeader(text, file, start);
  const dtype = parseDtype(descr, file, start);
  checkSize(shape, dtype, cursor.left, file, cursor.at);
  const data = decodeElements(bytes.subarray(cursor.at), dtype, elements(shape), file, cursor.at);
  return { dtype: dtype.kind, shape, data: fortran ? toRowMajor(data, shape) : data };
}

export const elements = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1);

/** Throws unless `bytes` is what an array of this shape takes. */
export function checkSize(shape: readonly number[], dtype: Dtype, bytes: number, file: string, offset: number): void {
  const needed = elements(shape) * dtype.size;
  if (needed !== bytes)
    throw new FormatError(
      file,
      offset,
      `an array of shape (${shape.join(', ')}) and ${dtype.size}-byte elements takes ${needed} bytes, not ${bytes}`,
    );
}

/** From the order in which the first index runs fastest to the one in which the last does. */
export function toRowMajor<T extends NumericArray | string[]>(data: T, shape: readonly number[]): T {
  const sizes = shape.filter((size) => size !== 1);
  if (sizes.length < 2) return data;
  const result = data.slice() as T;
  const strides: number[] = [];
  sizes.reduce((stride, size, i) => {
    strides[i] = stride;
    return stride * size;
  }, 1);
  const index = new Array<number>(sizes.length).fill(0);
  for (let to = 0, from = 0; to < data.length; to++) {
    result[to] = data[from];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < sizes[axis]) break;
      from -= strides[axis] * sizes[axis];
      index[axis] = 0;
    }
  }
  return result;
}

/** Numbers as doubles; 64-bit integers beyond 2^53 are refused. */
export function toFloat64(array: NdArray, file: string): Float64Array {
  const { data } = array;
  if (Array.isArray(data)) throw new FormatError(file, null, 'the array holds text where numbers are needed');
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return Float64Array.from(data);
  const limit = BigInt(Number.MAX_SAFE_INTEGER);
  return Float64Array.from(data as BigInt64Array, (value) => {
    if (value > limit || value < -limit) throw new FormatError(file, null, `${value} is beyond 2^53`);
    return Number(value);
  });
}

/** An array as a version 1.0 file, as `numpy.save` writes it (the elements begin at a multiple of 64). */
export function writeNpy(data: NumericArray, shape: readonly number[] = [data.length]): Uint8Array {
  if (elements(shape) !== data.length)
    throw new RangeError(`a shape (${shape.join(', ')}) does not fit ${data.length} elements`);
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${descrOf(data)}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + dict.length + 1) / 64) * 64 - 10;
  const head = Buffer.alloc(10 + length, ' ');
  head.write(`${MAGIC}\x01\x00`, 0, 'latin1');
  head.writeUInt16LE(length, 8);
  head.write(dict, 10, 'latin1');
  head[head.length - 1] = 10;
  return Buffer.concat([head, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}

interface Header {
  descr: string;
  fortran: boolean;
  shape: number[];
}

/** The dict literal: three keys in any order. */
function parseHeader(text: string, file: string, offset: number): Header {
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  const fail = (what: string): never => {
    throw new FormatError(file, offset, what);
  };
  if (body === undefined) return fail('the header is not a Python dict');
  const found: Partial<Header> = {};
  const entry = /\s*(['"])(\w+)\1\s*:\s*(?:(['"])([^'"\\]*)\3|(True|False)|\(([\d\s,L]*)\)|(\[))\s*(?:,\s*|$)/gy;
  let at = 0;
  for (let match = entry.exec(body); match; match = entry.exec(body)) {
    at = entry.lastIndex;
    const [, , key, , string, truth, tuple, list] = match;
    if (key === 'descr' && list) fail('structured arrays are not read');
    if (key === 'descr' && string !== undefined) found.descr = string;
    else if (key === 'fortran_order' && truth) found.fortran = truth === 'True';
    else if (key === 'shape' && tuple !== undefined) found.shape = parseShape(tuple, fail);
    else fail(`the header has ${quoted(key)} where descr, fortran_order and shape belong`);
  }
  if (at < body.length) {
    if (/'descr'\s*:\s*\[/.test(body)) fail('structured arrays are not read');
    fail('the header is not a dict of plain values');
  }
  const { descr, fortran, shape } = found;
  if (descr === undefined || fortran === undefined || shape === undefined)
    return fail('the header lacks one of descr, fortran_order and shape');
  return { descr, fortran, shape };
}

/** `3, 4`, `3,` or nothing; Python 2 wrote `3L`. */
function parseShape(tuple: string, fail: (what: string) => never): number[] {
  const parts = tuple.split(',').map((part) => part.trim());
  if (parts[parts.length - 1] === '') parts.pop();
  const shape = parts.map((part) => (/^\d{1,15}L?$/.test(part) ? Number.parseInt(part, 10) : -1));
  if (shape.includes(-1) || shape.length > 32 || (parts.length === 1 && !tuple.includes(',')))
    fail(`(${tuple.slice(0, 60)}) is not the shape of an array`);
  return shape;
}
