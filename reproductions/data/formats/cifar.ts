/**
 * The binary version of CIFAR-10 (`data_batch_1.bin` ... `data_batch_5.bin`, `test_batch.bin`): records of 3073
 * bytes, a label 0..9 and then 1024 red, 1024 green and 1024 blue values, each a 32 x 32 image row by row.
 */
import { FormatError } from './format-error.ts';

export interface CifarBatch {
  /** Classes (n). */
  labels: Uint8Array;
  /** Images (n, 3, 32, 32). */
  images: Uint8Array;
}

export const PIXELS = 32 * 32;
const IMAGE = 3 * PIXELS;
const RECORD = 1 + IMAGE;

/** `count` is the number of records that the file must have: 10,000 in the real ones. Any number when absent. */
export function readCifar(bytes: Uint8Array, file: string, count?: number): CifarBatch {
  const n = Math.floor(bytes.length / RECORD);
  if (!n || bytes.length % RECORD)
    throw new FormatError(file, n * RECORD, `${bytes.length} bytes are not whole records of ${RECORD} bytes`);
  if (count !== undefined && n !== count)
    throw new FormatError(file, bytes.length, `there are ${n} records instead of ${count}`);
  const labels = new Uint8Array(n);
  const images = new Uint8Array(n * IMAGE);
  for (let i = 0; i < n; i++) {
    const at = i * RECORD;
    if (bytes[at] > 9) throw new FormatError(file, at, `record ${i} has the label ${bytes[at]}; 0 to 9 are classes`);
    labels[i] = bytes[at];
    images.set(bytes.subarray(at + 1, at + RECORD), i * IMAGE);
  }
  return { labels, images };
}
