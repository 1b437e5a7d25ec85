/** For the tests: a cache of its own, GPT-2's file of ranks in small, and what plain code says the windows are. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { after, before } from 'node:test';
import type { SplitName } from '../dataset.ts';
import { Bpe } from './bpe.ts';
import { END, type Ranks, readVocabulary } from './gpt2-vocabulary.ts';
import { writeSmallRanks } from './small-vocabulary.ts';
import type { LanguageData } from './token-dataset.ts';

export interface Place {
  root: string;
  ranks: Ranks;
  /** Writes files below a new folder and returns it. */
  folder(name: string, files: Record<string, string | Uint8Array>): string;
  /** Tokens of documents one after the other. */
  tokens(documents: readonly string[], eos: boolean): number[];
}

export function testPlace(): Place {
  const place = {} as Place;
  const cache = process.env.LONGCONV_CACHE;
  before(() => {
    place.root = mkdtempSync(join(tmpdir(), 'longconv-language-'));
    place.ranks = writeSmallRanks(join(place.root, 'ranks'));
    process.env.LONGCONV_CACHE = join(place.root, 'cache');
  });
  after(() => {
    if (cache === undefined) delete process.env.LONGCONV_CACHE;
    else process.env.LONGCONV_CACHE = cache;
    rmSync(place.root, { recursive: true });
  });
  place.folder = (name, files) => {
    const folder = join(place.root, name);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    return folder;
  };
  place.tokens = (documents, eos) => {
    const bpe = new Bpe(readVocabulary(place.ranks));
    return documents.flatMap((text) => [...bpe.encode(text), ...(eos && text ? [END] : [])]);
  };
  return place;
}

/** x and targets of every window of a split, asked for in one batch. */
export function windows(data: LanguageData, split: SplitName): [number[], number[]][] {
  const { x, targets, L } = data.batch(
    split,
    Int32Array.from({ length: data.sizes[split] }, (_, i) => i),
  );
  return Array.from({ length: data.sizes[split] }, (_, k) => [
    [...x.subarray(k * L, (k + 1) * L)],
    [...targets.subarray(k * L, (k + 1) * L)],
  ]);
}

/** The same by the definition. */
export const cut = (ids: readonly number[], L: number): [number[], number[]][] =>
  Array.from({ length: Math.floor((ids.length - 1) / L) }, (_, k) => [
    ids.slice(k * L, (k + 1) * L),
    ids.slice(k * L + 1, (k + 1) * L + 1),
  ]);
