/**
 * Long Conv on Path256 (Fu et al. 2023, "Simple Hardware-Efficient Long Convolutions for Sequence Modeling", arXiv
 * 2302.06646, abstract and Path256 table): images of 256 x 256, 65,536 steps, 29.1 points above the best before it. The
 * training speed is `flashbutterfly-path256`.
 *
 *   repro flashbutterfly-path256-accuracy --scale smoke
 *   published: 92.2 (second hand); block-sparse FlashAttention 63.1
 *
 * Reconstructed at paper scale: all of Long Conv (safari has no configuration for Path256: that of Path-X at the longer
 * length), SGConv likewise; of block-sparse attention everything but the sizes of LRA's Transformer for Path256.
 */

import type { ClassifierRow } from '../../models/configurations/lra-published.ts';
import type { TrainingClaim } from '../claim.ts';
import { openClasses, samples } from '../classifier-data.ts';
import { paperPlan, type Reduction, reducedPlan, type TaskShape } from '../classifier-plan.ts';
import { UsageError } from '../errors.ts';
import { publishedRow } from '../lra.ts';

const shape: TaskShape = { length: 65536, input: { kind: 'real', dims: 1 }, classes: 2, pairs: false };

const asOnPathX = (model: string): ClassifierRow => ({
  ...publishedRow(model, 'pathx'),
  reconstructed: ['everything: that of Path-X'],
});

const rows: Record<string, ClassifierRow> = {
  'long-conv': asOnPathX('long-conv'),
  sgconv: asOnPathX('sgconv'),
  'block-sparse-attention': {
    ...publishedRow('transformer', 'pathfinder'),
    source: 'google-research/long-range-arena lra_benchmarks configs (path256), with block-sparse attention',
    reconstructed: ['everything but layers, width, heads, inner, batch, lr, weightDecay, dropout and epochs'],
    ...{ layers: 2, width: 32, dropout: 0.1, batch: 32, accumulation: 1, lr: 0.001, weightDecay: 0, epochs: 100 },
    schedule: { kind: 'cosine', warmup: 5000, steps: 500000 },
    layer: [
      { mixer: 'block-sparse-attention', config: { heads: 4, inner: 32 } },
      { mixer: 'mlp', config: { inner: 32 } },
    ],
  },
};

/** The same for every model. */
const reduced: Record<'smoke' | 'desk', Reduction> = {
  smoke: { layers: 1, width: 8, batch: 2, warmup: 1, steps: 4, evaluateEvery: 2 },
  desk: { layers: 2, width: 32, batch: 8, warmup: 50, steps: 600, evaluateEvery: 100 },
};

const sizes = { smoke: { sizes: samples(16, 8) }, desk: { sizes: samples(2000, 200) }, paper: {} };

const claim: TrainingClaim = {
  kind: 'training',
  id: 'flashbutterfly-path256-accuracy',
  title: 'Accuracy of Long Conv on Path256',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'abstract and Path256 table',
  published: 'path256-speedup',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the published one minus the larger of 1 point and two published standard deviations',
  tolerance: 1,
  subject: 'long-conv',
  models: {
    'long-conv': { title: 'Long Conv', published: 'Long Conv + FlashButterfly' },
    'block-sparse-attention': {
      ...{ title: 'Block-sparse attention', published: 'Block-sparse FlashAttention (previous best)' },
    },
    sgconv: { title: 'SGConv', published: null },
  },
  tasks: { path256: 'Path256 accuracy' },
  comparisons: [
    {
      title: 'Long Conv is better than block-sparse attention',
      one: { task: 'path256', model: 'long-conv' },
      other: { task: 'path256', model: 'block-sparse-attention' },
    },
  ],
  defaults: {
    smoke: { tasks: ['path256'], models: ['long-conv'] },
    desk: { tasks: ['path256'], models: ['long-conv', 'block-sparse-attention'] },
    paper: { tasks: ['path256'], models: ['long-conv', 'block-sparse-attention'] },
  },
  cost: { smoke: 'half a minute', desk: 'an hour a run on 2 cores', paper: 'weeks on a GPU' },
  openData: (task, scale, options) =>
    openClasses(task, { real: 'pathfinder256', offline: ['pathfinder256'] }, options, sizes[scale]),
  plan(model, task, scale) {
    if (!Object.hasOwn(rows, model) || task !== 'path256')
      throw new UsageError(`flashbutterfly-path256-accuracy has no configuration of ${model} on ${task}`);
    return scale === 'paper' ? paperPlan(rows[model], shape) : reducedPlan(rows[model], shape, reduced[scale]);
  },
};
export default claim;
