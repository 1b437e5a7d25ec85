/** Training plans of classifiers, from their published configurations: as published, or made smaller. */
import { type ClassifierRow, classifierNetwork } from '../models/configurations/lra-published.ts';
import type { LraTaskShape } from '../models/configurations/lra-tasks.ts';
import type { Method, Work } from './train/plan.ts';

export type TaskShape = Omit<LraTaskShape, 'title'>;
export type ClassifierPlan = Method & Extract<Work, { task: 'classification' }>;

/** The published configuration of a model, as a plan. */
export function paperPlan(row: ClassifierRow, shape: TaskShape): ClassifierPlan {
  const { schedule } = row;
  return {
    task: 'classification',
    metric: 'accuracy',
    network: classifierNetwork(row, shape),
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
  /** Default: the highest of the published schedule. */
  lr?: number;
  warmup: number;
  steps: number;
  evaluateEvery: number;
  /** Rate of the convolution kernels; default: as published, which suits tens of thousands of steps. */
  kernelLr?: number;
  /** Longest sequence; default: the task's. */
  length?: number;
}

/** At another rate; undefined: as it was. */
export const atRate = (size: Reduction, lr: number | undefined): Reduction =>
  lr === undefined ? size : { ...size, lr };

/**
 * The published configuration made smaller: everything that is not named stays as published. Attention is computed by
 * tiles: the same function, without the L x L tables that do not fit beside the rest.
 */
export function reducedPlan(row: ClassifierRow, shape: TaskShape, small: Reduction): ClassifierPlan {
  const { layers, width, batch, lr = highest(row), warmup, steps, evaluateEvery, length = shape.length } = small;
  const network = classifierNetwork({ ...row, layers, width, layer: narrower(row, small) }, { ...shape, length });
  return {
    ...paperPlan(row, shape),
    network,
    ...{ batch, accumulation: 1, lr, steps, evaluateEvery, evaluationBatch: batch },
    schedule: { kind: 'cosine', warmup, total: steps, warmupFrom: 'one', minFactor: 0 },
  };
}

/** The highest published rate: an inverse square root reaches a part of the one that is stated. */
const highest = ({ lr, schedule: { kind, warmup } }: ClassifierRow): number =>
  kind === 'inverse-sqrt' ? lr / Math.sqrt(warmup) : lr;

/**
 * Attention and MLP sizes are stated in channels: they shrink with the width. What is made small drops no probabilities
 * of its attention: the paper's own scale alone does.
 */
function narrower(row: ClassifierRow, { width, kernelLr }: Reduction): ClassifierRow['layer'] {
  return row.layer.map(({ mixer, config }) => {
    const own: { inner?: number; heads?: number; lr?: number | object; attentionDropout?: number } = { ...config };
    delete own.attentionDropout;
    if (own.inner !== undefined) own.inner = Math.max(1, Math.round((own.inner * width) / row.width));
    if (own.heads !== undefined) own.heads = Math.min(own.heads, Math.max(1, width >> 4));
    if (typeof own.lr === 'number' && kernelLr !== undefined) own.lr = kernelLr;
    return { mixer: mixer === 'attention' ? 'flash-attention' : mixer, config: own };
  });
}
