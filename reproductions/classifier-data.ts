/** Data of classifiers: the published files of a task or its stand-in, seen as the task wants it. */
import type { DataOptions } from './claim.ts';
import { chooseData, type TaskData } from './data/choose.ts';
import type { Dataset } from './data/dataset.ts';
import type { OpenOptions } from './data/definition.ts';
import { UsageError } from './errors.ts';

/** Images in colour, for sCIFAR and its two-dimensional form. */
export const imageData: TaskData = { real: 'scifar', offline: ['img-emoji9', 'img-texture10'] };

export const samples = (train: number, held: number) => ({ train, validation: held, test: held });

/** `view`: sizes, and how data that have several views are seen. `madeHere` opens what is made here in another way. */
export async function openClasses<View extends OpenOptions>(
  task: string,
  taskData: TaskData,
  { data, fetch, ...working }: DataOptions,
  view: View,
  madeHere?: (working: Omit<DataOptions, 'data' | 'fetch'>) => Promise<Dataset>,
): Promise<Dataset> {
  const { definition, folder } = await chooseData(task, taskData, data, fetch ? { fetch } : {});
  if (folder === null && madeHere) return madeHere(working);
  const opened = await definition.open({ ...working, ...view, ...(folder === null ? {} : { folder }) });
  if (opened.task !== 'classification')
    throw new UsageError(`${definition.id} has no classes: it is no data for ${task}`);
  return opened;
}
