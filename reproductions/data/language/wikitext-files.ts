/**
 * The forms in which WikiText-103 is to be had: the zip archive of its authors, what was in it
 * (`wiki.{train,valid,test}.raw`, or `.tokens` for the version with `<unk>`), and the parquet files of Hugging Face.
 * All give the same rows: lines with their line ends, and nothing for a line of blanks.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError, type SplitName, splitNames } from '../dataset.ts';
import type { Chunks } from '../formats/byte-stream.ts';
import { fileBytes } from '../formats/decompress.ts';
import { FormatError } from '../formats/format-error.ts';
import { readTextColumn } from '../formats/parquet.ts';
import { openZip } from '../formats/zip.ts';

/** `raw`: as written. `v1`: rare words are `<unk>`. */
export type WikiTextVersion = 'raw' | 'v1';

export interface WikiTextSplit {
  /** The files that it comes from. */
  files: string[];
  /** Bytes of text, about. */
  size: number;
  /** In pieces as they come. */
  rows(): AsyncGenerator<string[]>;
}
export type WikiTextFiles = Record<SplitName, WikiTextSplit>;

const LONGEST = 1 << 26;
const short: Record<SplitName, string> = { train: 'train', validation: 'valid', test: 'test' };

/** Looks in the folder and in the folder of the archive's name below it. Throws `MissingFileError`. */
export function findWikiText(folder: string, version: WikiTextVersion): WikiTextFiles {
  const archive = version === 'raw' ? 'wikitext-103-raw' : 'wikitext-103';
  const end = version === 'raw' ? 'raw' : 'tokens';
  const places = [folder, ...[archive, `${archive}-v1`, `${archive}-v1/${archive}`].map((name) => join(folder, name))];
  const name = (split: SplitName) => `wiki.${short[split]}.${end}`;
  for (const place of places)
    if (splitNames.every((split) => existsSync(join(place, name(split)))))
      return bySplit((split) => textFile(join(place, name(split))));
  for (const place of places) {
    const path = place.endsWith('.zip') ? place : join(place, `${archive}-v1.zip`);
    if (existsSync(path) && statSync(path).isFile())
      return bySplit((split) => zipped(path, `${archive}/${name(split)}`));
  }
  for (const place of places) {
    const parts = bySplit((split) => parquetParts(place, split));
    if (splitNames.every((split) => parts[split].length)) return bySplit((split) => parquet(parts[split]));
  }
  throw new MissingFileError(
    `${folder} has neither ${splitNames.map(name).join(', ')} nor ${archive}-v1.zip nor the parquet files of ` +
      `Hugging Face (train-00000-of-00002.parquet ...): repro data get wikitext-103`,
  );
}

const bySplit = <T>(of: (split: SplitName) => T): Record<SplitName, T> => ({
  train: of('train'),
  validation: of('validation'),
  test: of('test'),
});

/** A row as `datasets` gives it: a line of blanks is an empty row. */
const row = (line: string): string => (/\S/.test(line) ? line : '');

/** All rows of a piece of the file at once: asking for two million lines one by one takes longer than reading them. */
async function* linesOf(source: Chunks, file: string): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let offset = 0;
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw new FormatError(file, offset, 'the text from here on is not UTF-8');
    }
  };
  for await (const chunk of source) {
    const lines = (rest + decode(chunk)).split('\n');
    rest = lines.pop() ?? '';
    offset += chunk.length;
    if (rest.length > LONGEST) throw new FormatError(file, offset, `a line is longer than ${LONGEST} characters`);
    yield lines.map((line) => row(`${line}\n`));
  }
  rest += decode();
  if (rest) yield [row(rest)];
}

const textFile = (path: string): WikiTextSplit => ({
  ...{ files: [path], size: statSync(path).size },
  rows: () => linesOf(fileBytes(path), path),
});

const zipped = (path: string, entry: string): WikiTextSplit => ({
  ...{ files: [path], size: statSync(path).size * 2.8 },
  async *rows() {
    await using zip = await openZip(path);
    const found = zip.entries.find((one) => one.path === entry);
    if (!found) throw new FormatError(path, null, `there is no entry ${entry} in the archive`);
    yield* linesOf(found.content(), `${path}, ${entry}`);
  },
});

/** `train-00000-of-00002.parquet`, all parts of it or none. */
function parquetParts(folder: string, split: SplitName): string[] {
  const names = existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
  const parts = names.filter((name) => new RegExp(`^${split}-\\d{5}-of-\\d{5}\\.parquet$`).test(name)).sort();
  const wanted = parts.length ? Number(/-of-(\d{5})/.exec(parts[0])?.[1]) : 0;
  if (parts.length !== wanted)
    throw new MissingFileError(`${folder} has ${parts.length} of the ${wanted} parquet files of ${split}`);
  return parts.map((name) => join(folder, name));
}

const parquet = (files: string[]): WikiTextSplit => ({
  files,
  size: files.reduce((n, file) => n + statSync(file).size * 1.8, 0),
  async *rows() {
    for (const file of files) for await (const text of readTextColumn(file, 'text')) yield [row(text)];
  },
});
