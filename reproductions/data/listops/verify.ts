/** ListOps, made here or read from the archive's files: every label evaluated again, statistics beside the published ones. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Comparison, compareCount } from '../comparison.ts';
import { MissingFileError, type SplitName, splitNames } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { openListOps } from '../listops.ts';
import { compareListOps, type Sample } from './compare.ts';
import { files, readRows } from './files.ts';
import { tokenize } from './text.ts';
import { DIGIT, vocabulary } from './tree.ts';

/** Of the archive. */
const published: Record<SplitName, number> = { train: 96_000, validation: 2_000, test: 2_000 };
/** From half of the archive's rows on, a folder means to be the archive. */
const ARCHIVE = 50_000;
/** Symbols of an expression: the vocabulary without `<pad>`, `<unk>` and `<eos>`. */
const SYMBOLS = vocabulary.length - DIGIT;

export async function verifyListOps({ from, signal, progress }: VerifyOptions): Promise<Verified> {
  if (from !== undefined) return verifyFiles(from, signal, progress);
  const sizes = { train: 4_000, validation: 500, test: 500 };
  const data = await openListOps({ sizes, ...(signal ? { signal } : {}) });
  const samples = splitNames.flatMap((split) =>
    Array.from({ length: sizes[split] }, (_, i) => ({
      ...{ tokens: data.tokens(split, i), label: data.label(split, i), where: `${split} ${i}` },
    })),
  );
  return { what: data.description, ...(await compareListOps(samples)) };
}

async function verifyFiles(
  from: string,
  signal: AbortSignal | undefined,
  progress: VerifyOptions['progress'],
): Promise<Verified> {
  const paths = filesOf(from);
  const counts = new Map<string, number>();
  const seen = new Set<number>();
  const { rows, complaints } = await compareListOps(samplesOf());
  return { what: paths.join(', '), rows: [...countRows(from, counts), symbolRow(seen), ...rows], complaints };

  async function* samplesOf(): AsyncGenerator<Sample> {
    let done = 0;
    for (const path of paths) {
      counts.set(path, 0);
      for await (const { source, target, row } of readRows(path, signal)) {
        const tokens = tokenize(source);
        for (const token of tokens) seen.add(token);
        counts.set(path, row);
        if (++done % 1000 === 0) progress?.(done, 100_000);
        yield { tokens, label: target, where: `${path}, row ${row}` };
      }
    }
  }
}

/**
 * Rows of each file beside the archive's. They are judged where the folder has all three files and so many rows that it
 * means to be the archive's; smaller sets in its layout are nobody's mistake.
 */
function countRows(from: string, counts: ReadonlyMap<string, number>): Comparison[] {
  const of = (split: SplitName) => counts.get(join(from, files[split]));
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  const isArchive = counts.size === splitNames.length && total >= ARCHIVE;
  return splitNames.flatMap((split) => {
    const rows = of(split);
    return rows === undefined
      ? []
      : [compareCount(`rows of ${files[split]}`, rows, published[split], isArchive ? 0 : null)];
  });
}

const symbolRow = (seen: ReadonlySet<number>): Comparison =>
  compareCount('vocabulary: symbols that occur, and 3 special ones', seen.size + DIGIT, SYMBOLS + DIGIT, null);

function filesOf(from: string): string[] {
  if (!statSync(from).isDirectory()) return [from];
  const paths = splitNames.map((split) => join(from, files[split])).filter(existsSync);
  if (!paths.length)
    throw new MissingFileError(`${from} has no ${Object.values(files).join(', ')}: give the folder that has`);
  return paths;
}
