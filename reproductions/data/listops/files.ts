/** The archive's `basic_{train,val,test}.tsv`: TAB separated, header `Source<TAB>Target`, quoting as in CSV. */
import type { CacheArrays } from '../cache.ts';
import type { SplitName } from '../dataset.ts';
import { openContent } from '../formats/decompress.ts';
import { FormatError, quoted } from '../formats/format-error.ts';
import { readTsv } from '../formats/tsv.ts';
import { joinRows } from '../text/rows.ts';
import { type Row, tokenize } from './text.ts';

export const files: Record<SplitName, string> = {
  train: 'basic_train.tsv',
  validation: 'basic_val.tsv',
  test: 'basic_test.tsv',
};

/** Tokens of an expression with its `<eos>`; longer ones are cut. */
export const LONGEST = 2048;

/** Rows from 1, without the header. Throws `FormatError` with the byte at which a row begins. */
export async function* readRows(path: string, signal?: AbortSignal): AsyncGenerator<Row & { row: number }> {
  let row = -1;
  for await (const { fields, offset } of readTsv(openContent(path), path, { quoting: true })) {
    if (++row === 0) {
      if (fields.length !== 2 || fields[0] !== 'Source' || fields[1] !== 'Target')
        throw new FormatError(path, offset, 'the first line must be "Source<TAB>Target"');
      continue;
    }
    signal?.throwIfAborted();
    const [source, target] = fields;
    if (fields.length !== 2 || !/^\d$/.test(target))
      throw new FormatError(path, offset, `row ${row} is not "expression<TAB>digit": ${quoted(fields.join('\t'))}`);
    yield { source, target: Number(target), row };
  }
  if (row < 0) throw new FormatError(path, 0, 'the first line must be "Source<TAB>Target"');
}

/** The samples of the files one after another: `tokens` without `<eos>`, `offsets`, `labels`, `counts` of each file. */
export async function encodeFiles(paths: readonly string[], signal?: AbortSignal): Promise<CacheArrays> {
  const counts = new Int32Array(paths.length);
  const rows: Uint8Array[] = [];
  const labels: number[] = [];
  for (const [split, path] of paths.entries()) {
    for await (const { source, target } of readRows(path, signal)) {
      rows.push(new Uint8Array(tokenize(source, LONGEST)).subarray(0, -1));
      labels.push(target);
      counts[split]++;
    }
    if (!counts[split]) throw new FormatError(path, null, 'it holds no samples');
  }
  return { ...joinRows(rows), labels: Uint8Array.from(labels), counts };
}
