/**
 * The archive as it is unpacked: `<word>/<speaker>_nohash_<n>.wav`, and the lists of the files that validate and test,
 * one `word/file.wav` a line. What no list names trains.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError } from '../dataset.ts';

export const VALIDATION_LIST = 'validation_list.txt';
export const TESTING_LIST = 'testing_list.txt';

export interface Recordings {
  folder: string;
  /** File names of each word. os.listdir gives the reference loader no order that could be known; here they are sorted. */
  files: Map<string, string[]>;
}

export function listRecordings(folder: string, words: readonly string[]): Recordings {
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new MissingFileError(`${folder} is not a folder: give the one that speech_commands_v0.02.tar.gz unpacks to`);
  const files = new Map<string, string[]>();
  for (const word of words) {
    const path = join(folder, word);
    if (!existsSync(path))
      throw new MissingFileError(
        `${folder} has no folder ${word}/: give the folder of Speech Commands v0.02, which has one for each word`,
      );
    const names = readdirSync(path)
      .filter((name) => name.endsWith('.wav'))
      .sort();
    if (!names.length) throw new MissingFileError(`${path} has no .wav file`);
    files.set(word, names);
  }
  return { folder, files };
}

/** The entries of a list file. */
export function readList(folder: string, name: string): string[] {
  const path = join(folder, name);
  if (!existsSync(path))
    throw new MissingFileError(`${path} is not there: it comes with Speech Commands and says which clips do not train`);
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

/** Name, size and time of change of files: what a cached copy of them depends on. */
export const stamps = (folder: string, names: readonly string[]): string[] =>
  names.map((name) => {
    const { size, mtimeMs } = statSync(`${folder}/${name}`); // join is slow for 100,000 names
    return `${name} ${size} ${mtimeMs}`;
  });
