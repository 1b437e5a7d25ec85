/**
 * SGConv on the Long Range Arena (Li et al. 2022, "What Makes Convolutional Models Great on Long Sequence
 * Modeling?", arXiv 2210.09298, table 1): kernels made of pieces that grow and fade with the distance are better
 * than S4. Paper configurations: the repository's (branch preview), `models/configurations/published`.
 *
 *   repro sgconv-lra --task listops --scale smoke
 *   published: ListOps 61.45, Text 89.20, Retrieval 91.11, Image 87.97, Pathfinder 95.46, Path-X 97.83
 */
import type { Claim } from '../claim.ts';
import {
  lraTaskNames,
  openLraData,
  paperPlan,
  publishedRow,
  type Reduction,
  reducedPlan,
  smokeListOps,
} from '../lra.ts';

const smoke: Record<string, Reduction> = {
  listops: {
    ...{ layers: 3, width: 64, length: smokeListOps.maxLength, batch: 64 },
    ...{ lr: 0.01, kernelLr: 0.005, warmup: 20, steps: 500, evaluateEvery: 100 },
  },
  text: { layers: 2, width: 32, batch: 8, lr: 0.004, warmup: 5, steps: 60, evaluateEvery: 20 },
  retrieval: { layers: 1, width: 16, batch: 4, lr: 0.002, warmup: 3, steps: 25, evaluateEvery: 10 },
  image: { layers: 2, width: 32, batch: 16, lr: 0.004, warmup: 10, steps: 100, evaluateEvery: 25 },
  pathfinder: { layers: 2, width: 32, batch: 16, lr: 0.004, warmup: 20, steps: 100, evaluateEvery: 25 },
  pathx: { layers: 1, width: 16, batch: 4, lr: 0.004, warmup: 2, steps: 10, evaluateEvery: 5 },
};

const desk: Record<string, Reduction> = {
  listops: { layers: 4, width: 64, batch: 32, lr: 0.01, warmup: 200, steps: 3000, evaluateEvery: 200 },
  text: { layers: 4, width: 64, batch: 16, lr: 0.004, warmup: 100, steps: 2000, evaluateEvery: 200 },
  retrieval: { layers: 4, width: 64, batch: 16, lr: 0.002, warmup: 100, steps: 2000, evaluateEvery: 200 },
  image: { layers: 4, width: 64, batch: 32, lr: 0.004, warmup: 200, steps: 4000, evaluateEvery: 250 },
  pathfinder: { layers: 4, width: 64, batch: 32, lr: 0.004, warmup: 200, steps: 4000, evaluateEvery: 250 },
  pathx: { layers: 4, width: 32, batch: 8, lr: 0.004, warmup: 100, steps: 1000, evaluateEvery: 100 },
};

const claim: Claim = {
  kind: 'training',
  id: 'sgconv-lra',
  title: 'SGConv on the Long Range Arena',
  paper: { title: 'What Makes Convolutional Models Great on Long Sequence Modeling?', arxiv: '2210.09298' },
  table: 'table 1, row SGConv',
  published: 'lra-accuracy',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the published one minus the larger of 1 point and two published standard deviations',
  tolerance: 1,
  subject: 'sgconv',
  models: {
    sgconv: { title: 'SGConv', published: 'SGConv' },
    s4: { title: 'S4', published: 'S4-v1 (original)' },
    s4d: { title: 'S4D', published: 'S4D-LegS' },
    'long-conv': { title: 'Long Conv', published: 'Long Conv, Rand + Squash' },
    transformer: { title: 'Transformer', published: 'Transformer' },
  },
  tasks: lraTaskNames,
  defaults: {
    smoke: { tasks: ['listops'], models: ['sgconv'] },
    desk: { tasks: ['listops', 'pathfinder'], models: ['sgconv', 'transformer'] },
    paper: { tasks: ['listops', 'pathfinder', 'pathx'], models: ['sgconv'] },
  },
  cost: { smoke: '2 min on 2 cores', desk: 'hours on a laptop', paper: 'days on a GPU' },
  openData: openLraData,
  plan(model, task, scale) {
    const row = publishedRow(model, task);
    if (scale === 'paper') return paperPlan(row);
    return reducedPlan(row, (scale === 'smoke' ? smoke : desk)[task]);
  },
};
export default claim;
