/** What tokens were made from, for the recipe that they are kept under: a file that has changed is packed again. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compression } from '../formats/decompress.ts';

export const inputKey = (path: string): [string, number, number] => {
  const { size, mtimeMs } = statSync(path);
  return [basename(path), size, Math.round(mtimeMs)];
};

/** The first of these paths below the folder that is there, or null. */
export function firstOf(folder: string, paths: readonly string[]): string | null {
  return paths.map((path) => join(folder, path)).find((path) => existsSync(path)) ?? null;
}

/** Bytes of text in a file, about, for progress alone: text is compressed to 37 % or so. */
export function textSize(path: string): number {
  const { size } = statSync(path);
  const file = openSync(path, 'r');
  try {
    const head = new Uint8Array(6);
    readSync(file, head, 0, 6, 0);
    return compression(head) === 'none' ? size : Math.round(size * 2.7);
  } finally {
    closeSync(file);
  }
}
