/**
 * The Brown corpus (Francis and Kucera 1964, tagged form C): 500 texts of about 2,000 words, 15 categories. A file has
 * a sentence a line, words as `word/tag`, and empty lines between paragraphs; `cats.txt` names each file's category.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError } from '../dataset.ts';
import { FormatError, quoted } from '../formats/format-error.ts';

export interface BrownDocument {
  /** `ca01` to `cr09`. */
  id: string;
  /** `news`, `editorial`, ... */
  category: string;
  /** Paragraphs of sentences of words, without the tags. */
  paragraphs: string[][][];
}

/** All documents of the unpacked package, by id. Throws `MissingFileError` or `FormatError`. */
export function brownDocuments(folder: string): BrownDocument[] {
  const list = join(folder, 'cats.txt');
  if (!existsSync(list)) throw new MissingFileError(`${list} is not there: this is no folder of the Brown corpus`);
  return readFileSync(list, 'utf8')
    .split(/\r?\n/)
    .filter(Boolean)
    .map((line) => {
      const [id, category, ...rest] = line.split(' ');
      if (!/^c[a-r]\d\d$/.test(id) || !category || rest.length)
        throw new FormatError(list, null, `${quoted(line)} is not "<file> <category>"`);
      return { id, category, paragraphs: readText(join(folder, id)) };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function readText(path: string): string[][][] {
  if (!existsSync(path)) throw new MissingFileError(`${path} is not there, but cats.txt of the Brown corpus names it`);
  const paragraphs: string[][][] = [];
  let open = false;
  for (const line of readFileSync(path, 'latin1').split(/\r?\n/)) {
    const words = line.split(/\s+/).filter(Boolean);
    if (words.length) {
      if (!open) paragraphs.push([]);
      paragraphs[paragraphs.length - 1].push(words.map((word) => untagged(word, path)));
    }
    open = words.length > 0;
  }
  return paragraphs;
}

/** `1/2/cd` is the word `1/2`: the tag follows the last slash. */
function untagged(word: string, path: string): string {
  const at = word.lastIndexOf('/');
  if (at < 1 || at === word.length - 1) throw new FormatError(path, null, `${quoted(word)} is not word/tag`);
  return word.slice(0, at);
}

/** The words of a document with single spaces between them. */
export const brownText = ({ paragraphs }: BrownDocument): string =>
  paragraphs.map((sentences) => sentences.map((words) => words.join(' ')).join(' ')).join(' ');
