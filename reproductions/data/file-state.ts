/** What tells whether a file of the user's is still the one that was read: its place, size and time of change. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

export type FileState = [path: string, bytes: number, changed: number];

export const fileStates = (paths: readonly string[]): FileState[] =>
  paths.map((path) => {
    const { size, mtimeMs } = statSync(path);
    return [resolve(path), size, mtimeMs];
  });
