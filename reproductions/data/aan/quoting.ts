/** A file read with and without quoting at once, row beside row. */
import type { TsvRow } from '../formats/tsv.ts';
import { readFields } from './files.ts';

export interface Reading {
  /** As quoting reads it; null for a line that quoting has made a part of an earlier row. */
  quoted: TsvRow | null;
  /** Whether the reading without quoting has another row here. */
  differs: boolean;
}

/** Rows by the byte at which they begin: quoting can make one row of several lines, never several of one. */
export async function* bothReadings(path: string, signal?: AbortSignal): AsyncGenerator<Reading> {
  const quotedRows = readFields(path, true);
  const plainRows = readFields(path, false, false);
  try {
    let [quoted, plain] = await Promise.all([quotedRows.next(), plainRows.next()]);
    while (!plain.done) {
      signal?.throwIfAborted();
      if (quoted.done || plain.value.offset < quoted.value.offset) yield { quoted: null, differs: true };
      else {
        yield { quoted: quoted.value, differs: !equal(quoted.value.fields, plain.value.fields) };
        quoted = await quotedRows.next();
      }
      plain = await plainRows.next();
    }
  } finally {
    await Promise.all([quotedRows.return(undefined), plainRows.return(undefined)]);
  }
}

const equal = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((field, i) => field === b[i]);
