/** The documentation and type declarations of an npm package, as a piece of text with much code in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { MissingFileError } from '../dataset.ts';

export interface PackageText {
  /** Within the package, with slashes. */
  path: string;
  text: string;
}

/** Every `.md` and `.d.ts` file of at least 200 characters, by path. */
export function packageTexts(folder: string): PackageText[] {
  const texts = filesBelow(folder)
    .map((path) => ({ path: relative(folder, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))
    .filter(({ text }) => text.length >= 200)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  if (!texts.length) throw new MissingFileError(`${folder} has neither documentation nor type declarations`);
  return texts;
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() && /\.(md|d\.ts)$/.test(entry.name) ? [path] : [];
  });
