/**
 * What the Long Range Arena claims share: their tasks' data, and training plans from published configurations.
 *
 * Desk scale: small enough for minutes on one core, the same layers, width, batch and steps for every model. On Image the
 * learning rate of each model is the best of four on validation data, with the same steps and seed for all; on the other
 * tasks it is the published one until a search decides (`repro search longconv-lra`). ListOps and Pathfinder have none: a
 * trial that is short enough to be made often ends there before any model is better than a guess, and tells no rates
 * apart. Pathfinder's runs are short: the published ones see 32 million images, and S4 with four layers of 64 channels was at
 * chance after 160,000 (a try that is not in the evidence). The kernels' own rates, weight decay and dropout stay as
 * published.
 */
import { type LraModel, type LraRow, lraPublished } from '../models/configurations/lra-published.ts';
import { type LraTask, lraTaskShapes } from '../models/configurations/lra-tasks.ts';
import type { DataOptions, RateSearch, Scale } from './claim.ts';
import { openClasses, samples } from './classifier-data.ts';
import { atRate, type ClassifierPlan, paperPlan, type Reduction, reducedPlan } from './classifier-plan.ts';
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

/** How much of a task's data a scale uses; at paper scale all of it. Validation is looked at often, and is smaller. */
const used: Record<LraTask, Record<'smoke' | 'desk', OpenOptions['sizes']>> = {
  listops: { smoke: samples(20_000, 500), desk: { validation: 500, test: 1000 } },
  text: { smoke: samples(500, 100), desk: { validation: 400 } },
  retrieval: { smoke: samples(200, 50), desk: { train: 20_000, validation: 400, test: 1000 } },
  image: { smoke: samples(1000, 200), desk: {} },
  pathfinder: { smoke: samples(3000, 300), desk: { train: 40_000, validation: 1000, test: 2000 } },
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
    listops: { layers: 4, width: 32, batch: 16, warmup: 250, steps: 5000, evaluateEvery: 500 },
    text: { layers: 2, width: 64, batch: 4, warmup: 100, steps: 1500, evaluateEvery: 150 },
    retrieval: { layers: 2, width: 64, batch: 4, warmup: 50, steps: 600, evaluateEvery: 120 },
    image: { layers: 2, width: 64, batch: 16, warmup: 100, steps: 2000, evaluateEvery: 200 },
    pathfinder: { layers: 4, width: 32, batch: 16, warmup: 100, steps: 2000, evaluateEvery: 500 },
    pathx: { layers: 4, width: 32, batch: 8, warmup: 100, steps: 1000, evaluateEvery: 100 },
  },
};

/** What is run at desk scale. */
export const deskTasks: readonly LraTask[] = ['listops', 'pathfinder', 'image', 'text', 'retrieval'];

/** The models and tasks whose rates are searched. */
export type Searched = 'long-conv' | 'sgconv' | 's4' | 's4d' | 'transformer';
export const searchedTasks: readonly LraTask[] = ['image', 'text', 'retrieval'];
/** What every search of a classifier tries: around 0.01, the usual published rate. Image was tried at 0.001 before. */
export const searchedRates = [0.003, 0.01, 0.03];
/** Of a run's steps, the share that a trial of the search is made of. */
export const searchedShare = 0.25;

/** Learning rates at desk scale that were best on validation data; a task that is not here runs at the published ones. */
const deskRates: Partial<Record<LraTask, Record<Searched, number>>> = {
  image: { 'long-conv': 0.03, sgconv: 0.03, s4: 0.03, s4d: 0.03, transformer: 0.01 },
};

/** The rate of a model on a task at desk scale; undefined: the published one. */
export function deskRate(model: string, task: string): number | undefined {
  const rates: Partial<Record<string, Record<string, number>>> = deskRates;
  return rates[task]?.[model];
}

/** Image at desk scale, and with the rate that was found for a model: for images in colour too. */
export const deskImageSize: Reduction = reductions.desk.image;
export const deskImage = (model: Searched): Reduction => atRate(deskImageSize, deskRate(model, 'image'));

/**
 * A row of an LRA task at a scale. `rate`: the one at desk scale (undefined: the published one). `own`: where a claim
 * reduces otherwise.
 */
export function lraPlan(row: LraRow, scale: Scale, rate: number | undefined, own?: Reductions): ClassifierPlan {
  const shape = lraTaskShapes[row.task];
  if (scale === 'paper') return paperPlan(row, shape);
  const size = own?.[scale][row.task] ?? reductions[scale][row.task];
  return reducedPlan(row, shape, scale === 'desk' ? atRate(size, rate) : size);
}

/** A model of the LRA tables on a task: what every claim that has it trains. */
export const lraModelPlan = (model: string, task: string, scale: Scale, rate = deskRate(model, task)): ClassifierPlan =>
  lraPlan(publishedRow(model, task), scale, rate);

export const lraSearch: RateSearch = {
  ...{ scale: 'desk', tasks: searchedTasks, rates: searchedRates, share: searchedShare },
  plan: (model, task, rate) => lraModelPlan(model, task, 'desk', rate),
};

/** The published row of a model on a task; a `UsageError` when there is none. */
export function publishedRow(model: string, task: string): LraRow {
  const rows = lraPublished[model as LraModel] as readonly LraRow[] | undefined;
  const row = rows?.find((r) => r.task === task);
  if (!row) throw new UsageError(`there is no published configuration of ${model} on ${task}`);
  return row;
}
