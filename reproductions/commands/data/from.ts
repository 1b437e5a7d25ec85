/** Where the samples come from that an action looks at: `--from`, or what is here of the published files. */
import { existsSync } from 'node:fs';
import { last } from '../../../results/terminal/options.ts';
import type { Options } from '../../cli.ts';
import type { DataDefinition } from '../../data/definition.ts';
import { cachedFiles, filesIn } from '../../data/real-files.ts';
import { UsageError } from '../../errors.ts';

/** The value of `--from`; null when it was not given. Throws `UsageError` when nothing is there. */
export function placeGiven({ from }: Options): string | null {
  if (from === undefined) return null;
  const place = String(last(from));
  if (!existsSync(place)) throw new UsageError(`--from ${place} is not there: give a file or a folder`);
  return place;
}

/** The real files to be opened; null: what is made here. Throws `UsageError` when files are given that nobody reads. */
export async function filesToOpen(definition: DataDefinition, place: string | null): Promise<string | null> {
  if (place === null) return await cachedFiles(definition);
  if (definition.realFolder === null)
    throw new UsageError(`${definition.id} is made here and reads no files: leave --from ${place} out`);
  return filesIn(place, definition);
}
