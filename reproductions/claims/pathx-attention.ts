/**
 * Attention on Path-X and Path256 (Dao et al. 2022, "FlashAttention", arXiv 2205.14135, table 6): with FlashAttention the
 * first Transformer above chance on Path-X, images of 128 x 128 (16,384 steps), and in its block-sparse form on Path256
 * (65,536 steps).
 *
 *   repro pathx-attention --scale smoke
 *   published: Path-X FlashAttention 61.4, block-sparse 56.0; Path-256 block-sparse 63.1, FlashAttention failed; the
 *   Transformer failed on both
 *
 * Reconstructed at paper scale: everything. The paper trains on images of 64 x 64 first and carries that model over, its table
 * of positions interpolated; how long and at which sizes is not stated. Here every model starts from nothing, with the sizes of
 * LRA's own Transformers, and the images of 64 x 64 are a task of their own (`path64`), for what that start would be worth.
 */
import type { ClassifierRow } from '../../models/configurations/lra-published.ts';
import type { BlockConfig } from '../../models/networks/backbone.ts';
import type { TrainingClaim } from '../claim.ts';
import { openClasses, samples } from '../classifier-data.ts';
import { paperPlan, type Reduction, reducedPlan, type TaskShape } from '../classifier-plan.ts';
import { UsageError } from '../errors.ts';
import { publishedRow } from '../lra.ts';

interface Task {
  title: string;
  side: 64 | 128 | 256;
  /** Of LRA's Transformer for it. */
  sizes: Pick<ClassifierRow, 'layers' | 'batch' | 'epochs' | 'schedule'>;
  heads: { heads: number; inner: number };
  smoke: Reduction;
  desk: Reduction;
  samples: Record<'smoke' | 'desk', ReturnType<typeof samples>>;
}

const pathx = publishedRow('transformer', 'pathx');
const long = { layers: 1, batch: pathx.batch, epochs: pathx.epochs, schedule: pathx.schedule };
const none = { warmup: 1, steps: 4, evaluateEvery: 2 };

const tasks: Record<string, Task> = {
  path64: {
    ...{ title: 'Path-64', side: 64, sizes: long, heads: { heads: 2, inner: 16 } },
    smoke: { layers: 1, width: 16, batch: 4, ...none },
    desk: { layers: 2, width: 32, batch: 8, warmup: 20, steps: 200, evaluateEvery: 50 },
    samples: { smoke: samples(32, 16), desk: samples(4000, 200) },
  },
  pathx: {
    ...{ title: 'Path-X', side: 128, sizes: long, heads: { heads: 2, inner: 16 } },
    smoke: { layers: 1, width: 8, batch: 2, warmup: 1, steps: 2, evaluateEvery: 1 },
    desk: { layers: 1, width: 32, batch: 4, warmup: 6, steps: 60, evaluateEvery: 30 },
    samples: { smoke: samples(8, 4), desk: samples(500, 50) },
  },
  path256: {
    ...{ title: 'Path-256', side: 256, heads: { heads: 4, inner: 32 } },
    sizes: { layers: 2, batch: 32, epochs: 100, schedule: { kind: 'cosine', warmup: 5000, steps: 500_000 } },
    smoke: { layers: 1, width: 8, batch: 1, warmup: 1, steps: 2, evaluateEvery: 1 },
    desk: { layers: 1, width: 16, batch: 1, warmup: 2, steps: 20, evaluateEvery: 10 },
    samples: { smoke: samples(4, 2), desk: samples(40, 8) },
  },
};

const forms: Record<string, string> = {
  transformer: 'attention',
  'flash-attention': 'flash-attention',
  'block-sparse-attention': 'block-sparse-attention',
};

function rowOf(form: string, { sizes, heads }: Task): ClassifierRow {
  const layer: BlockConfig[] = [
    { mixer: form, config: heads },
    { mixer: 'mlp', config: { inner: 32 } },
  ];
  return { ...pathx, ...sizes, layer, reconstructed: ['everything: no model of 64 x 64 pixels comes before it'] };
}

function known(task: string): Task {
  if (!Object.hasOwn(tasks, task)) throw new UsageError(`pathx-attention has no configuration of any model on ${task}`);
  return tasks[task];
}

const claim: TrainingClaim = {
  kind: 'training',
  id: 'pathx-attention',
  title: 'Attention on Path-X and Path256',
  paper: {
    title: 'FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness',
    arxiv: '2205.14135',
  },
  table: 'table 6',
  published: 'pathx-attention',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the published one minus 1 point',
  tolerance: 1,
  subject: 'flash-attention',
  models: {
    'flash-attention': { title: 'FlashAttention', published: 'FlashAttention' },
    'block-sparse-attention': { title: 'Block-sparse attention', published: 'Block-sparse FlashAttention' },
    transformer: { title: 'Transformer', published: 'Transformer' },
  },
  tasks: Object.fromEntries(Object.entries(tasks).map(([id, { title }]) => [id, title])),
  defaults: {
    smoke: { tasks: ['pathx'], models: ['flash-attention', 'block-sparse-attention'] },
    desk: { tasks: ['path64', 'pathx'], models: ['flash-attention', 'block-sparse-attention'] },
    paper: { tasks: ['pathx', 'path256'], models: ['flash-attention', 'block-sparse-attention'] },
  },
  cost: { smoke: 'half a minute', desk: '2 to 6 minutes a run on one core', paper: 'weeks on a GPU' },
  openData(task, scale, options) {
    const { side, samples } = known(task);
    const id = `pathfinder${side}`;
    return openClasses(task, { real: id, offline: [id] }, options, scale === 'paper' ? {} : { sizes: samples[scale] });
  },
  plan(model, task, scale) {
    const of = known(task);
    if (!Object.hasOwn(forms, model))
      throw new UsageError(`pathx-attention has no configuration of ${model} on ${task}`);
    const row = rowOf(forms[model], of);
    const shape: TaskShape = { length: of.side ** 2, input: { kind: 'real', dims: 1 }, classes: 2, pairs: false };
    return scale === 'paper' ? paperPlan(row, shape) : reducedPlan(row, shape, of[scale]);
  },
};
export default claim;
