/** Parquet's hybrid of runs and packed bits, in which levels and dictionary indices are written. */
import type { Cursor } from '../cursor.ts';
import { varint } from './thrift.ts';

/** `count` numbers of `width` bits, 0 to 32, from the rest of `cursor`. */
export function readRuns(cursor: Cursor, width: number, count: number, what: string): Int32Array {
  const out = new Int32Array(count);
  if (width > 32) cursor.fail(`${what} have ${width} bits`);
  if (width === 0) return out;
  for (let at = 0; at < count; ) {
    const head = varint(cursor, what);
    const left = count - at;
    if (head % 2 === 0) {
      const run = Math.min(head / 2, left);
      const bytes = cursor.take(Math.ceil(width / 8), what);
      out.fill(
        bytes.reduceRight((value, byte) => (value << 8) | byte, 0),
        at,
        at + run,
      );
      at += run;
      continue;
    }
    // Groups of eight; what is behind the last number need not be there.
    const packed = Math.min(((head - 1) / 2) * 8, left);
    unpackBits(cursor.take(Math.ceil((packed * width) / 8), what), width, out.subarray(at, at + packed));
    at += packed;
  }
  return out;
}

/** Numbers of `width` bits one after another, the lowest bits first. */
function unpackBits(bytes: Uint8Array, width: number, out: Int32Array): void {
  let held = 0; // bits that wait, as a number below 2^40
  let bits = 0;
  let next = 0;
  const span = 2 ** width;
  for (let i = 0; i < out.length; i++) {
    for (; bits < width; bits += 8) held += bytes[next++] * 2 ** bits;
    out[i] = held % span;
    held = Math.floor(held / span);
    bits -= width;
  }
}
