/** What the Long Range Arena claims share: their tasks' data, and training plans from published configurations. */
import { type LraModel, type LraRow, lraNetwork, lraPublished } from '../models/configurations/lra-published.ts';
import type { LraTask } from '../models/configurations/lra-tasks.ts';
import type { DataOptions, Scale, UnseededPlan } from './claim.ts';
import type { Dataset } from './data/dataset.ts';
import type { TreeBounds } from './data/listops/tree.ts';
import { openListOps } from './data/listops.ts';
import { openPathfinder } from './data/pathfinder.ts';
import { DataUnavailableError, UsageError } from './errors.ts';

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

/** The data of a task at a scale; at paper scale all of it. */
export async function openLraData(task: string, scale: Scale, options: DataOptions): Promise<Dataset> {
  const { data, ...making } = options;
  if (data !== 'offline' && task !== 'listops')
    throw new DataUnavailableError(
      `${task}: real files can be read for listops only as yet; leave --data out to use what is generated here`,
    );
  switch (task) {
    case 'listops': {
      if (data !== 'offline') return openListOps({ folder: data });
      if (scale === 'smoke') return openListOps({ bounds: smokeListOps, sizes: samples(20_000, 500), ...making });
      return openListOps({ ...(scale === 'desk' ? { sizes: samples(20_000, 1000) } : {}), ...making });
    }
    case 'pathfinder': {
      if (scale === 'paper') return openPathfinder({ size: 32, ...making });
      return openPathfinder({
        size: 32,
        sizes: scale === 'smoke' ? samples(3000, 300) : samples(40_000, 2000),
        ...making,
      });
    }
    case 'pathx': {
      if (scale === 'paper') return openPathfinder({ size: 128, ...making });
      return openPathfinder({
        size: 128,
        sizes: scale === 'smoke' ? samples(64, 32) : samples(4000, 500),
        ...making,
      });
    }
    default:
      throw notHere(task);
  }
}

const notHere = (task: string) =>
  new DataUnavailableError(
    `${task}: its data cannot be made here and cannot be downloaded yet; tasks that run: listops, pathfinder, pathx`,
  );

/** The published configuration of a model on a task, as a plan. */
export function paperPlan(row: LraRow): UnseededPlan {
  const { schedule } = row;
  return {
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
export function reducedPlan(row: LraRow, small: Reduction | undefined): UnseededPlan {
  if (!small) throw notHere(row.task);
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
