/** What the Long Range Arena claims share: their tasks' data, and training plans from published configurations. */
import { type LraModel, type LraRow, lraPublished } from '../models/configurations/lra-published.ts';
import { type LraTask, lraTaskShapes } from '../models/configurations/lra-tasks.ts';
import type { DataOptions, Scale } from './claim.ts';
import { openClasses, samples } from './classifier-data.ts';
import { type ClassifierPlan, paperPlan, type Reduction, reducedPlan } from './classifier-plan.ts';
import type { Comparison } from './comparison.ts';
import type { TaskData } from './data/choose.ts';
import type { Dataset } from './data/dataset.ts';
import type { OpenOptions } from './data/definition.ts';
import type { TreeBounds } from './data/listops/tree.ts';
import { openListOps } from './data/listops.ts';
import { UsageError } from './errors.ts';

/** Task ids with their names in the published tables. */
export const lraTaskNames: Record<LraTask, string> = {
  listops: 'ListOps',
  text: 'Text',
  retrieval: 'Retrieval',
  image: 'Image',
  pathfinder: 'Pathfinder',
  pathx: 'Path-X',
};

/** Models that both papers' claims run: their runs are one and the same. */
export const lraModels: readonly string[] = ['long-conv', 'sgconv', 's4', 's4d', 'transformer'];
export const sameTasks: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(lraTaskNames).map((task) => [task, task]),
);

const titles = { 'long-conv': 'Long Conv', sgconv: 'SGConv' };

/** What either paper says of its model on a task: as good as S4, and better than the Transformer. */
export function lraComparisons(task: LraTask, model: 'long-conv' | 'sgconv'): Comparison[] {
  const name = lraTaskNames[task];
  return [
    {
      title: `${titles[model]} is better than the Transformer, ${name}`,
      one: { task, model },
      other: { task, model: 'transformer' },
    },
    {
      title: `${titles[model]} is within a point of S4, ${name}`,
      one: { task, model },
      other: { task, model: 's4' },
      within: 1,
    },
  ];
}

/** ListOps for smoke runs: shallower and shorter, so that much can be learnt in a minute. */
export const smokeListOps: TreeBounds = { minLength: 5, maxLength: 50, maxDepth: 5, maxArguments: 5 };

/** The datasets of each task. */
export const lraData: Record<LraTask, TaskData> = {
  listops: { real: 'listops', offline: ['listops'] },
  text: { real: 'imdb', offline: ['text-spamham'] },
  retrieval: { real: 'aan', offline: ['retrieval-samedoc'] },
  image: { real: 'cifar-gray', offline: ['img-emoji9', 'img-texture10'] },
  pathfinder: { real: 'pathfinder32', offline: ['pathfinder32'] },
  pathx: { real: 'pathfinder128', offline: ['pathfinder128'] },
};

/** How data that have several views are seen for a task: LRA's images are gray. */
const views: Partial<Record<LraTask, { gray: true }>> = { image: { gray: true } };

/** How much of a task's data a scale uses; at paper scale all of it. */
const used: Record<LraTask, Record<'smoke' | 'desk', OpenOptions['sizes']>> = {
  listops: { smoke: samples(20_000, 500), desk: samples(20_000, 1000) },
  text: { smoke: samples(500, 100), desk: {} },
  retrieval: { smoke: samples(200, 50), desk: samples(20_000, 1000) },
  image: { smoke: samples(1000, 200), desk: {} },
  pathfinder: { smoke: samples(3000, 300), desk: samples(40_000, 2000) },
  pathx: { smoke: samples(64, 32), desk: samples(4000, 500) },
};

/** The data of a task at a scale. */
export function openLraData(task: string, scale: Scale, options: DataOptions): Promise<Dataset> {
  const sizes = scale === 'paper' ? undefined : used[task as LraTask][scale];
  const view = { ...views[task as LraTask], ...(sizes ? { sizes } : {}) };
  const short =
    task === 'listops' && scale === 'smoke'
      ? (working: object) => openListOps({ bounds: smokeListOps, ...(sizes ? { sizes } : {}), ...working })
      : undefined;
  return openClasses(task, lraData[task as LraTask], options, view, short);
}

export type Reductions = Record<'smoke' | 'desk', Partial<Record<LraTask, Reduction>>>;

/** Reductions that fit the stand-ins of every task: the same for every model. */
const reductions: Record<'smoke' | 'desk', Record<LraTask, Reduction>> = {
  smoke: {
    listops: {
      ...{ layers: 3, width: 64, length: smokeListOps.maxLength, batch: 64 },
      ...{ lr: 0.01, kernelLr: 0.005, warmup: 20, steps: 500, evaluateEvery: 100 },
    },
    text: { layers: 2, width: 32, batch: 8, lr: 0.004, warmup: 5, steps: 60, evaluateEvery: 20 },
    retrieval: { layers: 1, width: 16, batch: 4, lr: 0.002, warmup: 3, steps: 24, evaluateEvery: 12 },
    image: { layers: 2, width: 32, batch: 16, lr: 0.004, warmup: 10, steps: 100, evaluateEvery: 25 },
    pathfinder: { layers: 2, width: 32, batch: 16, lr: 0.004, warmup: 20, steps: 100, evaluateEvery: 25 },
    pathx: { layers: 1, width: 16, batch: 4, warmup: 2, steps: 10, evaluateEvery: 5 },
  },
  desk: {
    listops: { layers: 4, width: 64, batch: 32, lr: 0.01, warmup: 200, steps: 3000, evaluateEvery: 200 },
    text: { layers: 4, width: 64, batch: 16, lr: 0.004, warmup: 100, steps: 2000, evaluateEvery: 200 },
    retrieval: { layers: 4, width: 64, batch: 16, lr: 0.002, warmup: 100, steps: 2000, evaluateEvery: 200 },
    image: { layers: 4, width: 64, batch: 32, lr: 0.004, warmup: 200, steps: 4000, evaluateEvery: 250 },
    pathfinder: { layers: 4, width: 64, batch: 32, lr: 0.004, warmup: 200, steps: 4000, evaluateEvery: 250 },
    pathx: { layers: 4, width: 32, batch: 8, warmup: 100, steps: 1000, evaluateEvery: 100 },
  },
};

/** A row of an LRA task at a scale; `own`: where a claim reduces otherwise. */
export function lraPlan(row: LraRow, scale: Scale, own?: Reductions): ClassifierPlan {
  const shape = lraTaskShapes[row.task];
  if (scale === 'paper') return paperPlan(row, shape);
  return reducedPlan(row, shape, own?.[scale][row.task] ?? reductions[scale][row.task]);
}

/** The published row of a model on a task; a `UsageError` when there is none. */
export function publishedRow(model: string, task: string): LraRow {
  const rows = lraPublished[model as LraModel] as readonly LraRow[] | undefined;
  const row = rows?.find((r) => r.task === task);
  if (!row) throw new UsageError(`there is no published configuration of ${model} on ${task}`);
  return row;
}
