/** ListOps, made here or read from the archive's files: every label evaluated again, statistics beside the published ones. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError, splitNames } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { openListOps } from '../listops.ts';
import { compareListOps, type Sample } from './compare.ts';
import { readTsv, tokenize } from './text.ts';

export async function verifyListOps({ from, signal }: VerifyOptions): Promise<Verified> {
  if (from !== undefined) {
    const files = filesOf(from);
    return { what: files.join(', '), ...compareListOps(rowsOf(files, signal)) };
  }
  const sizes = { train: 4_000, validation: 500, test: 500 };
  const data = await openListOps({ sizes, ...(signal ? { signal } : {}) });
  const samples = splitNames.flatMap((split) =>
    Array.from({ length: sizes[split] }, (_, i) => ({
      ...{ tokens: data.tokens(split, i), label: data.label(split, i), where: `${split} ${i}` },
    })),
  );
  return { what: data.description, ...compareListOps(samples) };
}

function filesOf(from: string): string[] {
  if (!statSync(from).isDirectory()) return [from];
  const files = ['basic_train.tsv', 'basic_val.tsv', 'basic_test.tsv']
    .map((name) => join(from, name))
    .filter(existsSync);
  if (!files.length)
    throw new MissingFileError(
      `${from} has no basic_train.tsv, basic_val.tsv or basic_test.tsv: give the folder that has`,
    );
  return files;
}

function* rowsOf(files: readonly string[], signal?: AbortSignal): Generator<Sample> {
  for (const file of files) {
    let line = 1;
    for (const { source, target } of readTsv(readFileSync(file, 'utf8'), file)) {
      signal?.throwIfAborted();
      yield { tokens: tokenize(source), label: target, where: `${file}, line ${++line}` };
    }
  }
}
