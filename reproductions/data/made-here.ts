/** Data that needs no download: what is made here by a published recipe, and what stands in for what cannot be had. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import type { DataKind } from './dataset.ts';

export interface MadeHere {
  id: string;
  title: string;
  kind: DataKind;
  /** The source (`data/sources/<id>.ts`) that it takes the place of. */
  replaces: string;
}

const pathfinder = (size: number, name: string): MadeHere => ({
  ...{ id: `pathfinder${size}`, title: `${name}, made by the published generator` },
  ...{ kind: 'generated-equivalent', replaces: 'lra' },
});

export const madeHere: readonly MadeHere[] = [
  {
    ...{ id: 'listops', title: 'LRA ListOps, made by the published generator' },
    ...{ kind: 'generated-equivalent', replaces: 'lra' },
  },
  pathfinder(32, 'LRA Pathfinder'),
  pathfinder(64, 'Pathfinder at 64 x 64'),
  pathfinder(128, 'LRA Path-X'),
  pathfinder(256, 'Path256'),
];

/** Units of it in the cache. */
export function unitsOf({ id }: MadeHere): number {
  const folder = join(cacheFolder(), id);
  return existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.lcd')).length : 0;
}
