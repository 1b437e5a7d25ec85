/**
 * Which data a task runs on. `--data` can be
 *
 *     real       the published files; what is missing is fetched first
 *     offline    what can be had without a download of the published files: the same recipe, or a stand-in
 *     auto       the published files when they are here, otherwise as offline; says which
 *     <dataset>  one dataset by its name, such as text-spamham
 *     <folder>   the published files, in a folder of the user's
 */
import { existsSync } from 'node:fs';
import { UsageError } from '../../results/terminal/errors.ts';
import { suggestion } from '../../results/terminal/options.ts';
import { MissingFileError } from './dataset.ts';
import { type DataDefinition, definitionIds, loadDefinition } from './definition.ts';
import { missingIngredient } from './ingredients.ts';
import { cachedFiles, filesIn } from './real-files.ts';

/** The datasets of a task, by name. */
export interface TaskData {
  /** Reads the published files. */
  real: string;
  /** Made here: the first whose ingredients are there is taken. */
  offline: readonly string[];
}

export interface ChosenData {
  definition: DataDefinition;
  /** Of real files; null: made here. */
  folder: string | null;
}

export interface ChoiceOptions {
  /** Fetches what a dataset needs of the published files; absent: nothing is ever fetched. */
  fetch?(definition: DataDefinition): Promise<void>;
}

export async function chooseData(
  task: string,
  { real, offline }: TaskData,
  data: string,
  { fetch }: ChoiceOptions = {},
): Promise<ChosenData> {
  const published = await loadDefinition(real);
  switch (data) {
    case 'real': {
      const here = await cachedFiles(published);
      if (here === null) await fetch?.(published);
      return { definition: published, folder: here ?? (await presentFiles(published)) };
    }
    case 'offline':
      return { definition: await firstAvailable(task, offline), folder: null };
    case 'auto': {
      const folder = await cachedFiles(published);
      return folder === null ? chooseData(task, { real, offline }, 'offline') : { definition: published, folder };
    }
  }
  if (definitionIds().includes(data)) return named(task, { real, offline }, data);
  if (!existsSync(data))
    throw new UsageError(
      `--data ${data}: there is no such folder, and no dataset of this name.${suggestion(data, definitionIds())} ` +
        `Give real, offline, auto, a folder, or one of ${[...new Set([real, ...offline])].join(', ')} for ${task}`,
    );
  return { definition: published, folder: filesIn(data, published) };
}

/** The files that were fetched, or the sentence that says how to get them. */
async function presentFiles(definition: DataDefinition): Promise<string> {
  const folder = await cachedFiles(definition);
  if (folder !== null) return folder;
  throw new MissingFileError(
    `the files of ${definition.id} are not here: repro data get ${definition.source}, or --data <their folder>`,
  );
}

async function firstAvailable(task: string, ids: readonly string[]): Promise<DataDefinition> {
  const lacking: string[] = [];
  for (const id of ids) {
    const definition = await loadDefinition(id);
    const missing = missingIngredient(definition);
    if (missing === null) return definition;
    lacking.push(missing);
  }
  throw new MissingFileError(`${task}: ${lacking[0]}`);
}

async function named(task: string, { real, offline }: TaskData, id: string): Promise<ChosenData> {
  const fitting = [...new Set([real, ...offline])];
  if (!fitting.includes(id))
    throw new UsageError(`--data ${id} is no data for ${task}: choose one of ${fitting.join(', ')}`);
  const definition = await loadDefinition(id);
  if (definition.made === null) return { definition, folder: await presentFiles(definition) };
  const missing = missingIngredient(definition);
  if (missing !== null) throw new MissingFileError(missing);
  return { definition, folder: null };
}
