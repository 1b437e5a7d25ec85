/**
 * The stand-ins are made of pinned packages by fixed recipes: every count must be the one that was measured when the
 * recipe was written, anywhere.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError, type SplitName, splitNames } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { brownWtFolder, openBrownWt, wordsIn } from './brown-wt.ts';
import { compareExactly, compareSizes, tokenComplaints } from './compare.ts';
import { countComponents } from './pile-components.ts';
import { findPile } from './pile-files.ts';
import { openPileMini, pileMiniFolder } from './pile-mini.ts';

type Sizes = Record<SplitName, { documents: number; tokens: number; bytes: number }>;

/** Documents and bytes. */
const parts: Readonly<Record<string, readonly [number, number]>> = {
  'Brown Corpus': [500, 6_126_574],
  'State of the Union': [233, 10_761_202],
  'Moby-Dick': [138, 1_216_140],
  WordNet: [589, 8_990_895],
  'SpamAssassin ham': [4_105, 11_064_291],
  'npm packages': [183, 2_652_531],
};
const pileMini: Sizes = {
  train: { documents: 5_643, tokens: 10_517_713, bytes: 40_031_104 },
  validation: { documents: 57, tokens: 150_308, bytes: 520_416 },
  test: { documents: 48, tokens: 69_128, bytes: 260_113 },
};

export async function verifyPileMini({ from, ...options }: VerifyOptions): Promise<Verified> {
  const folder = from ?? (await pileMiniFolder(options));
  const files = Object.values(findPile(folder, 'pile-mini')).flat();
  const counts = await countComponents(files, options.signal ? { signal: options.signal } : {});
  const rows = Object.entries(parts).flatMap(([name, [documents, bytes]]) => [
    compareExactly(`${name}: documents`, counts.get(name)?.documents ?? 0, documents),
    compareExactly(`${name}: bytes of text`, counts.get(name)?.bytes ?? 0, bytes),
  ]);
  const complaints = [...counts.keys()].filter((name) => !(name in parts)).map((name) => `${name} is no part of it`);
  if (from === undefined) {
    const data = await openPileMini(options);
    rows.push(...compareSizes(data, pileMini));
    complaints.push(...tokenComplaints(data));
    data.close?.();
  }
  return { what: `pile-mini, the shards in ${folder}`, rows, complaints };
}

/** Lines, words, articles and `<unk>` of the version v1. */
const brownFiles: Record<SplitName, readonly [number, number, number, number]> = {
  train: [15_436, 1_046_122, 450, 39_677],
  validation: [890, 57_762, 25, 4_046],
  test: [841, 58_808, 25, 4_055],
};
/** Words and marks of the corpus as NLTK counts them. */
const brownWords = 1_161_192;
const brownWt: Sizes = {
  train: { documents: 14_536, tokens: 1_181_030, bytes: 5_542_604 },
  validation: { documents: 840, tokens: 65_658, bytes: 307_188 },
  test: { documents: 791, tokens: 66_841, bytes: 314_116 },
};

export async function verifyBrownWt({ from, ...options }: VerifyOptions): Promise<Verified> {
  const folder = from ?? (await brownWtFolder(options));
  let words = 0;
  const rows = splitNames.flatMap((split) => {
    const name = `wiki.${split === 'validation' ? 'valid' : split}`;
    const raw = textOf(folder, `${name}.raw`);
    const tokens = textOf(folder, `${name}.tokens`);
    const headings = raw.match(/^ = c[a-r]\d\d = $/gm)?.length ?? 0;
    const all = wordsIn(raw);
    words += all - 3 * headings;
    const found = [raw.split('\n').length - 1, all, headings, tokens.match(/<unk>/g)?.length ?? 0];
    const names = ['lines', 'words', 'articles', '<unk> in v1'];
    return found.map((n, i) => compareExactly(`${split}: ${names[i]}`, n, brownFiles[split][i]));
  });
  rows.push(compareExactly('words of all articles', words, brownWords));
  const complaints: string[] = [];
  if (from === undefined) {
    const data = await openBrownWt(options);
    rows.push(...compareSizes(data, brownWt));
    complaints.push(...tokenComplaints(data));
    data.close?.();
  }
  return { what: `brown-wt, the files in ${folder}`, rows, complaints };
}

function textOf(folder: string, name: string): string {
  const path = join(folder, name);
  if (!existsSync(path))
    throw new MissingFileError(`brown-wt: ${path} is not there: give the folder that has wiki.train.raw and its like`);
  return readFileSync(path, 'utf8');
}
