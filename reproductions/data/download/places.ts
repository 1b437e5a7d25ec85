/**
 * Where the files of a dataset live: `<cache>/downloads/<dataset>/`, and beside each file `<name>` while it matters
 *
 *     <name>.json        what it is: size, SHA-256, where from, when, what vouches for it (`record.ts`)
 *     <name>.part        what has arrived of it so far, with <name>.part.json (`partial.ts`)
 *     <name>.lock        the run that is at it (`lock.ts`)
 *     <name>.changed-*   a file that is not the one that was trusted on first use
 *     <name>.corrupt-*   a file that was found damaged
 */
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';

export interface Places {
  folder: string;
  file: string;
  record: string;
  part: string;
  partRecord: string;
  lock: string;
}

export const downloadFolder = (dataset: string): string => join(cacheFolder(), 'downloads', dataset);

export function placesOf(folder: string, name: string): Places {
  const file = join(folder, name);
  return {
    ...{ folder, file, record: `${file}.json`, lock: `${file}.lock` },
    ...{ part: `${file}.part`, partRecord: `${file}.part.json` },
  };
}
