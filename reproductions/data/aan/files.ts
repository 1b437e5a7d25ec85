/**
 * `new_aan_pairs.{train,eval,test}.tsv` of the Long Range Arena: five TAB separated columns without a header, namely the
 * label as a decimal number (1.0: one paper cites the other), two ids, two texts.
 *
 * The S4 loader reads them with the quoting of CSV, the Long Range Arena's own loader without. Texts that begin with a
 * quotation mark come out differently. Here quoting is the default: the results that are compared with (S4 and what
 * followed: SGConv, Long Conv, S5, MEGA) were all made by the S4 loader or copies of it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError, type SplitName, splitNames } from '../dataset.ts';
import { openContent } from '../formats/decompress.ts';
import { FormatError, quoted } from '../formats/format-error.ts';
import { readTsv, type TsvRow } from '../formats/tsv.ts';

export const files: Record<SplitName, string> = {
  train: 'new_aan_pairs.train.tsv',
  validation: 'new_aan_pairs.eval.tsv',
  test: 'new_aan_pairs.test.tsv',
};

export const QUOTING = true;
const COLUMNS = 5;

export interface DocumentPair {
  label: 0 | 1;
  ids: [string, string];
  texts: [string, string];
}

/** The three files of a folder. Throws `MissingFileError`. */
export function pairFiles(folder: string): string[] {
  return splitNames.map((split) => {
    const path = join(folder, files[split]);
    if (!existsSync(path))
      throw new MissingFileError(
        `aan: ${path} is not there; it holds the ${split} split: give the folder tsv_data of the unpacked archive`,
      );
    return path;
  });
}

/** Rows with five fields; any number of them when `columns` is false. */
export const readFields = (path: string, quoting: boolean, columns = true): AsyncGenerator<TsvRow> =>
  readTsv(openContent(path), path, { quoting, ...(columns ? { columns: COLUMNS } : {}) });

export async function* readPairs(path: string, quoting: boolean, signal?: AbortSignal): AsyncGenerator<DocumentPair> {
  for await (const row of readFields(path, quoting)) {
    signal?.throwIfAborted();
    yield pairOf(path, row);
  }
}

export function pairOf(path: string, { fields, offset }: TsvRow): DocumentPair {
  const [label, id1, id2, text1, text2] = fields;
  if (!/^[01](\.0*)?$/.test(label))
    throw new FormatError(path, offset, `this row begins with ${quoted(label)}, which is not the label 0.0 or 1.0`);
  return { label: label.startsWith('1') ? 1 : 0, ids: [id1, id2], texts: [text1, text2] };
}
