/**
 * Long Conv on sequential CIFAR (Fu et al. 2023, "Simple Hardware-Efficient Long Convolutions for Sequence Modeling",
 * arXiv 2302.06646, the sCIFAR table): images in colour, pixel by pixel, as well as S4.
 *
 *   repro longconv-scifar --scale smoke
 *   published: 91.0 from random kernels, 92.1 from geometric ones; S4 91.80; Transformer 62.2
 *
 * Paper scale: safari's long-conv-cifar.yaml and state-spaces' s4-cifar.yaml. Reconstructed: threshold and rate of the
 * geometric start (those of the random one), and the whole Transformer (that of LRA Image). Desk scale: size and rates of
 * LRA Image (`longconv-lra`'s search); geometric kernels at the rate of random ones.
 */
import type { TrainingClaim } from '../claim.ts';
import { openScifar, scifarPlan } from '../scifar.ts';

const claim: TrainingClaim = {
  kind: 'training',
  id: 'longconv-scifar',
  title: 'Long Conv on sequential CIFAR',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'sCIFAR table, rows Long Conv',
  published: 'scifar-1d',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the published one minus the larger of 1 point and two published standard deviations',
  tolerance: 1,
  subject: 'long-conv',
  models: {
    'long-conv': { title: 'Long Conv', published: 'Long Conv, Rand' },
    'long-conv-geometric': { title: 'Long Conv, geometric', published: 'Long Conv, Geom' },
    s4: { title: 'S4', published: 'S4-LegS' },
    transformer: { title: 'Transformer', published: 'Transformer' },
  },
  tasks: { scifar: 'sCIFAR' },
  comparisons: [
    {
      title: 'Long Conv is within a point of S4',
      one: { task: 'scifar', model: 'long-conv' },
      other: { task: 'scifar', model: 's4' },
      within: 1,
    },
    {
      title: 'Long Conv is better than the Transformer',
      one: { task: 'scifar', model: 'long-conv' },
      other: { task: 'scifar', model: 'transformer' },
    },
    {
      title: 'geometric kernels do better than random ones',
      one: { task: 'scifar', model: 'long-conv-geometric' },
      other: { task: 'scifar', model: 'long-conv' },
    },
  ],
  shares: [
    { claim: 's4-headline', tasks: { scifar: 'scifar' }, models: ['s4', 'transformer'] },
    { claim: 'butterfly-scifar', tasks: { scifar: 'scifar' }, models: ['long-conv'] },
  ],
  defaults: {
    smoke: { tasks: ['scifar'], models: ['long-conv'] },
    desk: { tasks: ['scifar'], models: ['long-conv', 'long-conv-geometric', 's4', 'transformer'] },
    paper: { tasks: ['scifar'], models: ['long-conv'] },
  },
  cost: { smoke: 'seconds', desk: '3 minutes a run on one core, the Transformer 11', paper: 'days on a GPU' },
  openData: openScifar,
  plan: (model, task, scale) => scifarPlan('longconv-scifar', model, task, scale),
};
export default claim;
