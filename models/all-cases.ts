/**
 * The cases of every mixer, found by discovery: a mixer without a file in `cases/` fails the tests. Not in `cases.ts`, which
 * the files import: a module that waits for modules that import it waits for ever.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { MixerCases, SmallModel } from './cases.ts';
import { mixerIds } from './mixer.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'cases');

async function loadCases(id: string): Promise<MixerCases> {
  const path = join(folder, `${id}.ts`);
  if (!existsSync(path)) throw new Error(`the mixer ${id} has no test cases: write models/cases/${id}.ts`);
  return (await import(pathToFileURL(path).href)).default as MixerCases;
}

export const allCases: [id: string, cases: MixerCases][] = await Promise.all(
  mixerIds().map(async (id): Promise<[string, MixerCases]> => [id, await loadCases(id)]),
);
export const smallModels: SmallModel[] = allCases.flatMap(([, { small }]) => small);
