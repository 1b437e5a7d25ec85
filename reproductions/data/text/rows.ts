/** Rows of token ids, wherever they are kept, and batches of them. */
import type { EncodedTexts } from './characters.ts';

export type Tokens = Uint8Array | Int32Array;

export interface TokenRows {
  readonly count: number;
  /** Ids of a row, without the symbol that ends it. Not to be written to. */
  row(index: number): Tokens;
  close?(): void;
}

/** Rows that lie one after another in memory. */
export const rowsInMemory = ({ tokens, offsets }: EncodedTexts): TokenRows => ({
  count: offsets.length - 1,
  row: (index) => tokens.subarray(offsets[index], offsets[index + 1]) as Tokens,
});

/** (rows, L) */
export interface PaddedRows {
  x: Int32Array;
  /** With the symbol that ends them. */
  lengths: Int32Array;
  L: number;
}

/** Each row, then `end`, then `padding` up to the longest of the batch. */
export function padRows(
  rows: readonly ArrayLike<number>[],
  { end, padding }: { end: number; padding: number },
): PaddedRows {
  const lengths = Int32Array.from(rows, (row) => row.length + 1);
  const L = lengths.reduce((a, b) => Math.max(a, b), 0);
  const x = new Int32Array(rows.length * L).fill(padding);
  rows.forEach((row, b) => {
    x.set(row, b * L);
    x[b * L + row.length] = end;
  });
  return { x, lengths, L };
}

/** Rows one after another, with the offsets of their beginnings and the end. */
export function joinRows(rows: readonly Uint8Array[]): { tokens: Uint8Array; offsets: Int32Array } {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i] + row.length;
  });
  const tokens = new Uint8Array(offsets[rows.length]);
  rows.forEach((row, i) => {
    tokens.set(row, offsets[i]);
  });
  return { tokens, offsets };
}
