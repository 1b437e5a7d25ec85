/** Finding the tars of the collection: `<set>/ds-<set>_sub-<id>_task-<t>[_run-<n>].tar`, one run each. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { MissingFileError } from '../dataset.ts';

export interface RunFile {
  /** Without `.tar`. */
  name: string;
  path: string;
  size: number;
  /** Milliseconds. */
  modified: number;
}

/** `ds003` and `07` of `ds-ds003_sub-07_task-rest_run-1`; null where the name does not say. */
export function partsOfName(name: string): { set: string; person: string | null } | null {
  const set = /^ds-([^_]+)(?:_|$)/.exec(name);
  return set ? { set: set[1], person: /_sub-([^_]+)/.exec(name)?.[1] ?? null } : null;
}

/**
 * The tars in `folder` and in its folders, sorted by path, as the published code finds them. `folder` may also be a
 * clone of the repository, whose `data/upstream` is then meant. Throws `MissingFileError` where there are none.
 */
export function findRuns(folder: string): RunFile[] {
  if (!existsSync(folder)) throw new MissingFileError(`fmri: the folder ${folder} is not there`);
  if (!statSync(folder).isDirectory()) return [runFile(folder)];
  const upstream = join(folder, 'data', 'upstream');
  const root = existsSync(upstream) ? upstream : folder;
  const paths: string[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (entry.isDirectory())
      for (const name of readdirSync(join(root, entry.name)))
        if (name.endsWith('.tar')) paths.push(join(root, entry.name, name));
    if (entry.isFile() && entry.name.endsWith('.tar')) paths.push(join(root, entry.name));
  }
  if (!paths.length)
    throw new MissingFileError(
      `fmri: ${root} has no <set>/<run>.tar: give a clone of the repository, or its folder data/upstream`,
    );
  return paths.sort(byCodeUnit).map(runFile);
}

/** The order of Python's strings, for names in ASCII. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A tar that is there. */
export function runFile(path: string): RunFile {
  const { size, mtimeMs } = statSync(path);
  const name = basename(path, '.tar');
  if (!partsOfName(name))
    throw new MissingFileError(`fmri: ${path} is not named ds-<set>_sub-<id>_task-<task>.tar: its set is not known`);
  return { name, path, size, modified: Math.floor(mtimeMs) };
}
