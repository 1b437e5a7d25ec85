/** Where the real files of a dataset are, if they are: in the cache after `repro data get`, or in a folder of the user's. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDefinition } from './definition.ts';
import { downloadFolder } from './download/places.ts';
import { type DatasetSource, loadSource } from './download/source.ts';
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

/** The folders that a source fills: that of its files, and those of its unpacked archives. */
function foldersOf(source: DatasetSource): string[] {
  const folder = downloadFolder(source.id);
  return [...source.files.filter(isArchive).map((file) => unpackedFolder(folder, file)), folder];
}

/** The real files of a dataset in the cache; null when they are not there. */
export async function cachedFiles({ source, realFolder }: DataDefinition): Promise<string | null> {
  if (source === null || realFolder === null) return null;
  for (const base of foldersOf(await loadSource(source)).filter(existsSync)) {
    if (realFolder !== '') {
      const found = findBelow(base, realFolder);
      if (found) return found;
    } else if (base !== downloadFolder(source) || (await filesPresent(source, base))) return base;
  }
  return null;
}

/** Whether any file of the source itself lies in its folder. */
async function filesPresent(id: string, folder: string): Promise<boolean> {
  const { files } = await loadSource(id);
  return files.some((file) => !isArchive(file) && existsSync(join(folder, file.name)));
}

/** The real files of a dataset in a folder of the user's, which may be any of those around them. */
export const filesIn = (folder: string, { realFolder }: DataDefinition): string =>
  realFolder && statSync(folder).isDirectory() ? (findBelow(folder, realFolder) ?? folder) : folder;
