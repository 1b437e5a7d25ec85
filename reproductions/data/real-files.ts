/** Where the real files of a dataset are, if they are: in the cache after `repro data get`, or in a folder of the user's. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDefinition } from './definition.ts';
import { downloadFolder } from './download/places.ts';
import { type DatasetSource, loadSource, type SourceFile } from './download/source.ts';
import { isArchive, unpackedFolder } from './download/unpack.ts';

/**
 * `path` below `base`, or below it without its first parts: archives are unpacked with and without their outermost
 * folder, and people point at any of the folders. Null when none of them is there.
 */
export function findBelow(base: string, path: string): string | null {
  const parts = path.split('/').filter(Boolean);
  for (let skip = 0; skip < parts.length; skip++) {
    const candidate = join(base, ...parts.slice(skip));
    if (existsSync(candidate)) return candidate;
  }
  return null;
}

/**
 * The real files of a dataset in the cache; null when they are not there. A folder of downloads exists from the first
 * byte on: it counts when the files in it are whole and are those that are read.
 */
export async function cachedFiles({ source: id, realFolder, readsArchives }: DataDefinition): Promise<string | null> {
  if (id === null || realFolder === null) return null;
  const source = await loadSource(id);
  const folder = downloadFolder(id);
  const archives = source.files.filter((file) => isArchive(file) && (realFolder !== '.' || isUsual(source, file)));
  for (const base of archives.map((file) => unpackedFolder(folder, file)).filter(existsSync)) {
    const found = findBelow(base, realFolder);
    if (found) return found;
  }
  return realFolder === '.' && filesPresent(source, folder, readsArchives === true) ? folder : null;
}

const isUsual = ({ usual }: DatasetSource, { group }: SourceFile): boolean => usual.includes(group);

/** Whether the usual files lie in their folder, or another group of files that says the same in another form. */
function filesPresent(source: DatasetSource, folder: string, archives: boolean): boolean {
  const whole = (files: readonly SourceFile[]) =>
    files.every((file) => (archives || !isArchive(file)) && existsSync(join(folder, file.name)));
  const usual = source.files.filter((file) => isUsual(source, file));
  if (whole(usual)) return true;
  if (!usual.every(isArchive)) return false;
  const others = source.files.filter((file) => !isArchive(file));
  return others.length > 0 && whole(others);
}

/** The real files of a dataset in a folder of the user's, which may be any of those around them. */
export const filesIn = (folder: string, { realFolder }: DataDefinition): string =>
  realFolder && statSync(folder).isDirectory() ? (findBelow(folder, realFolder) ?? folder) : folder;
