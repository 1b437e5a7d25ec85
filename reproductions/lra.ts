/** What the Long Range Arena claims share: their tasks' data, and training plans from published configurations. */
import { type LraModel, type LraRow, lraNetwork, lraPublished } from '../models/configurations/lra-published.ts';
import type { LraTask } from '../models/configurations/lra-tasks.ts';
import type { DataOptions, Scale } from './claim.ts';
import { chooseData, type TaskData } from './data/choose.ts';
import type { Dataset } from './data/dataset.ts';
import type { OpenOptions } from './data/definition.ts';
import type { TreeBounds } from './data/listops/tree.ts';
import { openListOps } from './data/listops.ts';
import { UsageError } from './errors.ts';
import type { Method, Work } from './train/plan.ts';

/** Task ids with their names in the published tables. */
export const lraTaskNames: Record<LraTask, string> = {
  listops: 'ListOps',
  text: 'Text',
  retrieval: 'Retrieval',
  image: 'Image',
  pathfinder: 'Pathfinder',
  pathx: 'Path-X',
};

/** ListOps for smoke runs: shallower and shorter, so that much can be learnt in a minute. */
export const smokeListOps: TreeBounds = { minLength: 5, maxLength: 50, maxDepth: 5, maxArguments: 5 };

const samples = (train: number, held: number) => ({ train, validation: held, test: held });

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
export async function openLraData(task: string, scale: Scale, options: DataOptions): Promise<Dataset> {
  const { data, fetch, ...working } = options;
  const { definition, folder } = await chooseData(task, lraData[task as LraTask], data, fetch ? { fetch } : {});
  const sizes = scale === 'paper' ? {} : used[task as LraTask][scale];
  if (task === 'listops' && scale === 'smoke' && folder === null)
    return openListOps({ bounds: smokeListOps, ...(sizes ? { sizes } : {}), ...working });
  const opened = await definition.open({
    ...working,
    ...views[task as LraTask],
    ...(sizes ? { sizes } : {}),
    ...(folder === null ? {} : { folder }),
  });
  if (opened.task !== 'classification')
    throw new UsageError(`${definition.id} has no classes: it is no data for ${task}`);
  return opened;
}

type ClassifierPlan = Method & Extract<Work, { task: 'classification' }>;

/** The published configuration of a model on a task, as a plan. */
export function paperPlan(row: LraRow): ClassifierPlan {
  const { schedule } = row;
  return {
    task: 'classification',
    metric: 'accuracy',
    network: lraNetwork(row),
    batch: row.batch,
    accumulation: row.accumulation,
    lr: row.lr,
    weightDecay: row.weightDecay,
    betas: row.betas,
    clip: row.clip,
    schedule: {
      kind: schedule.kind === 'inverse-sqrt' ? 'invsqrt' : schedule.kind,
      warmup: schedule.warmup,
      total: schedule.steps,
      warmupFrom: 'one',
      minFactor: 0,
    },
    steps: schedule.steps,
    evaluateEvery: Math.max(1, Math.min(2000, Math.round(schedule.steps / 40))),
    evaluationBatch: row.batch,
  };
}

export interface Reduction {
  layers: number;
  width: number;
  batch: number;
  lr: number;
  warmup: number;
  steps: number;
  evaluateEvery: number;
  /** Rate of the convolution kernels; default: as published, which suits tens of thousands of steps. */
  kernelLr?: number;
  /** Longest sequence; default: the task's. */
  length?: number;
}

/** The published configuration made smaller: everything that is not named stays as published. */
export function reducedPlan(row: LraRow, small: Reduction | undefined): ClassifierPlan {
  if (!small)
    throw new UsageError(`there is no reduced configuration for ${row.task} at this scale yet: try another --scale`);
  const paper = paperPlan(row);
  const { layers, width, batch, lr, warmup, steps, evaluateEvery } = small;
  const network = lraNetwork({ ...row, layers, width, layer: narrower(row, small) }, small.length);
  return {
    ...paper,
    network,
    ...{ batch, accumulation: 1, lr, steps, evaluateEvery, evaluationBatch: batch },
    schedule: { kind: 'cosine', warmup, total: steps, warmupFrom: 'one', minFactor: 0 },
  };
}

/** Attention and MLP sizes are stated in channels: they shrink with the width. */
function narrower(row: LraRow, { width, kernelLr }: Reduction): LraRow['layer'] {
  return row.layer.map(({ mixer, config }) => {
    const own: { inner?: number; heads?: number; lr?: number } = { ...config };
    if (own.inner !== undefined) own.inner = Math.max(1, Math.round((own.inner * width) / row.width));
    if (own.heads !== undefined) own.heads = Math.min(own.heads, Math.max(1, width >> 4));
    if (own.lr !== undefined && kernelLr !== undefined) own.lr = kernelLr;
    return { mixer, config: own };
  });
}

/** The published row of a model on a task; a `UsageError` when there is none. */
export function publishedRow(model: string, task: string): LraRow {
  const rows = lraPublished[model as LraModel] as readonly LraRow[] | undefined;
  const row = rows?.find((r) => r.task === task);
  if (!row) throw new UsageError(`there is no published configuration of ${model} on ${task}`);
  return row;
}
