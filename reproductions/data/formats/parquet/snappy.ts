/** Snappy blocks (google/snappy, format_description.txt), with every length checked before it is used. */
import type { Cursor } from '../cursor.ts';
import { varint } from './thrift.ts';

/** The densest element, a copy of 64 bytes in three: more than so many times its size no block can hold. */
const DENSEST = 64 / 3;

/** Exactly `size` bytes from the rest of `cursor`. */
export function unsnappy(cursor: Cursor, size: number): Uint8Array {
  const what = 'the snappy data';
  const said = varint(cursor, what);
  if (said !== size) cursor.fail(`${what} say ${said} bytes where the page has ${size}`);
  if (size > cursor.left * DENSEST + 64) cursor.fail(`${what} cannot hold ${size} bytes`);
  const { bytes } = cursor;
  const end = bytes.length;
  const out = new Uint8Array(size);
  let at = cursor.at;
  let to = 0;
  while (at < end) {
    const tag = bytes[at++];
    const kind = tag & 3;
    // Bytes of the length (of a literal) or the distance (of a copy) that follow the tag.
    const extra = kind === 0 ? Math.max(0, (tag >> 2) - 59) : kind === 3 ? 4 : kind;
    if (at + extra > end) cursor.fail(`${what} end inside of an element`, at);
    let number = 0;
    for (let i = extra - 1; i >= 0; i--) number = number * 256 + bytes[at + i];
    at += extra;
    const length = kind === 1 ? 4 + ((tag >> 2) & 7) : kind === 0 && extra ? number + 1 : 1 + (tag >> 2);
    if (to + length > size) cursor.fail(`${what} hold more than ${size} bytes`, at);
    if (kind === 0) {
      if (at + length > end) cursor.fail(`${what} end inside of a literal`, at);
      if (length > 32) out.set(bytes.subarray(at, at + length), to);
      else for (let i = 0; i < length; i++) out[to + i] = bytes[at + i];
      at += length;
    } else {
      const back = kind === 1 ? ((tag >> 5) << 8) | number : number;
      if (back < 1 || back > to) cursor.fail(`${what} copy from ${back} bytes back, where ${to} are`, at);
      // Byte by byte: a copy may overlap itself.
      for (let i = 0; i < length; i++) out[to + i] = out[to + i - back];
    }
    to += length;
  }
  if (to !== size) cursor.fail(`${what} hold ${to} of ${size} bytes`, end);
  return out;
}
