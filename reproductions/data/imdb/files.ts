/**
 * The Large Movie Review Dataset as its archive has it: `{train,test}/{neg,pos}/<id>_<stars>.txt`, a review a file, raw
 * (HTML line breaks stay). What else lies there (`unsup`, bags of words, addresses) is not read.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError } from '../dataset.ts';
import { utf8 } from '../formats/cursor.ts';
import { FormatError } from '../formats/format-error.ts';
import type { LabelledText } from '../text/character-texts.ts';

export const parts = ['train', 'test'] as const;
export type Part = (typeof parts)[number];
/** Label 0 and 1. */
export const classes = ['neg', 'pos'] as const;

export interface ReviewFile {
  path: string;
  id: number;
  /** 1 to 10. */
  stars: number;
  label: 0 | 1;
}

/**
 * Negative and positive reviews in turn, each by id. (The reference loader has the order of the archive or of the
 * Hugging Face copy, first one class, then the other, and shuffles for training; results do not depend on it. In turn,
 * the beginning of a split is a balanced split.) Throws `MissingFileError` or `FormatError`.
 */
export function reviewFiles(folder: string, part: Part): ReviewFile[] {
  const [negative, positive] = classes.map((name, label) => inClass(join(folder, part, name), label as 0 | 1));
  const files: ReviewFile[] = [];
  for (let i = 0; i < Math.max(negative.length, positive.length); i++)
    for (const file of [negative[i], positive[i]]) if (file) files.push(file);
  return files;
}

function inClass(folder: string, label: 0 | 1): ReviewFile[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
  if (!names.length)
    throw new MissingFileError(`imdb: ${folder} holds no reviews: give the folder aclImdb of the unpacked archive`);
  return names
    .map((name): ReviewFile => {
      const path = join(folder, name);
      const [, id, stars] = /^(\d+)_(\d+)\.txt$/.exec(name) ?? [];
      if (id === undefined) throw new FormatError(path, null, 'its name is not <id>_<stars>.txt');
      return { path, id: Number(id), stars: Number(stars), label };
    })
    .sort((a, b) => a.id - b.id || a.stars - b.stars);
}

/** Changes when a review is added, removed or written anew. */
export function stateOf(files: readonly ReviewFile[]): string {
  const hash = createHash('sha256');
  for (const { path } of files) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

export function readReview(path: string): string {
  const text = utf8(readFileSync(path));
  if (text === null) throw new FormatError(path, null, 'it is not UTF-8');
  return text;
}

/** Files between two looks at the signal. */
const AT_ONCE = 200;

/** The reviews one by one; `seen` is told how many there have been. */
export async function* reviews(
  files: readonly ReviewFile[],
  signal?: AbortSignal,
  seen?: (count: number) => void,
): AsyncGenerator<LabelledText & ReviewFile> {
  for (const [i, file] of files.entries()) {
    if (i % AT_ONCE === 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      seen?.(i);
    }
    yield { ...file, text: readReview(file.path) };
  }
}
