/**
 * OpenWebText (Gokaslan and Cohen 2019): 20,610 archives `urlsf_subset<SS>-<N>_data.xz`, each an xz-compressed tar of a
 * few hundred `<number>-<md5>.txt`, in one of three forms: within `openwebtext.tar.xz` (Zenodo), within
 * `urlsf_subset<SS>.tar` (Hugging Face, 21 files, perhaps below `subsets/`), or lying in a folder.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { MissingFileError } from '../dataset.ts';
import { fileBytes, openContent } from '../formats/decompress.ts';
import { FormatError } from '../formats/format-error.ts';
import { readTar } from '../formats/tar.ts';
import { unxz } from '../formats/xz.ts';

export interface TextArchive {
  /** Its name without folders: archives are put in the order of their names. */
  name: string;
  /** The texts in the order of their files' names. */
  texts(): Promise<string[]>;
}

export interface OpenWebTextFiles {
  /** What is read, for the recipe. */
  files: string[];
  /** In the order in which they lie there, each to be read before the next one is asked for. */
  archives(): AsyncGenerator<TextArchive>;
}

const ARCHIVE = /^urlsf_subset\d\d-\d+_data\.xz$/;
const OUTER = /^(openwebtext\.tar\.xz|urlsf_subset\d\d\.tar)$/;
/** The real ones have 0.6 MB, and 2 MB when they are unpacked. */
const LARGEST = 1 << 28;

/** Throws `MissingFileError`. */
export function findOpenWebText(path: string): OpenWebTextFiles {
  if (statSync(path).isFile()) return outer([path]);
  for (const folder of [path, join(path, 'openwebtext'), join(path, 'openwebtext', 'openwebtext')]) {
    const inside = names(folder).filter((name) => ARCHIVE.test(name));
    if (inside.length) return plain(inside.map((name) => join(folder, name)));
  }
  for (const folder of [path, join(path, 'subsets')]) {
    const inside = names(folder).filter((name) => OUTER.test(name));
    const whole = inside.filter((name) => name.endsWith('.xz'));
    if (inside.length) return outer((whole.length ? whole : inside).map((name) => join(folder, name)));
  }
  throw new MissingFileError(
    `${path} has neither openwebtext.tar.xz nor urlsf_subset00.tar ... nor urlsf_subset00-1_data.xz ...: ` +
      'repro data get openwebtext, or --data <their folder>',
  );
}

const names = (folder: string): string[] =>
  existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder).sort() : [];

const plain = (files: string[]): OpenWebTextFiles => ({
  files,
  async *archives() {
    for (const file of files) yield { name: basename(file), texts: () => textsOf(fileBytes(file), file) };
  },
});

const outer = (files: string[]): OpenWebTextFiles => ({
  files,
  async *archives() {
    for (const file of files)
      for await (const entry of readTar(openContent(file), file)) {
        const name = basename(entry.path);
        if (entry.kind !== 'file' || !ARCHIVE.test(name)) continue;
        yield { name, texts: () => textsOf(entry.content(), `${file}, ${entry.path}`) };
      }
  },
});

async function textsOf(source: AsyncIterable<Uint8Array>, file: string): Promise<string[]> {
  const found: { name: string; text: string }[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for await (const entry of readTar(unxz(source, file), file)) {
    if (entry.kind !== 'file' || !entry.path.endsWith('.txt')) continue;
    const bytes = await entry.bytes(LARGEST);
    try {
      found.push({ name: basename(entry.path), text: cleaned(decoder.decode(bytes)) });
    } catch {
      throw new FormatError(file, entry.offset, `${entry.path} is not UTF-8`);
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ text }) => text);
}

/** Python's white space: that of JavaScript without U+FEFF, with U+001C to U+001F and U+0085. */
const blank = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const ends = new RegExp(`^${blank}|${blank}$`, 'g');

/** As Hugging Face's `openwebtext.py` reads a text: Python's line ends, at most one empty line, no blanks around. */
export const cleaned = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/\n\n\n+/g, '\n\n')
    .replace(ends, '');
