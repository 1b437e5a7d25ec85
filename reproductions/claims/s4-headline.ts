/**
 * S4 on sequential CIFAR (Gu et al. 2022, "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv
 * 2111.00396, abstract): 91 % with no augmentation, on par with a larger two-dimensional ResNet.
 *
 *   repro s4-headline --scale smoke
 *   published: 91 (abstract)
 *
 * Paper scale: state-spaces' s4-cifar.yaml. The abstract's other numbers are not judged here: 60 times the Transformer's
 * speed of generation is a measurement, and 20.95 on WikiText-103 a model of 249M parameters. Desk scale: size and rates of
 * LRA Image (`longconv-lra`'s search).
 */
import type { TrainingClaim } from '../claim.ts';
import { openScifar, scifarPlan } from '../scifar.ts';

const claim: TrainingClaim = {
  kind: 'training',
  id: 's4-headline',
  title: 'S4 on sequential CIFAR',
  paper: { title: 'Efficiently Modeling Long Sequences with Structured State Spaces', arxiv: '2111.00396' },
  table: 'abstract',
  published: 's4-headline',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the published one minus the larger of 1 point and two published standard deviations',
  tolerance: 1,
  subject: 's4',
  models: {
    s4: { title: 'S4', published: 'S4' },
    transformer: { title: 'Transformer', published: null },
  },
  tasks: { scifar: 'sCIFAR, no augmentation' },
  comparisons: [
    {
      title: 'S4 is better than the Transformer',
      one: { task: 'scifar', model: 's4' },
      other: { task: 'scifar', model: 'transformer' },
    },
  ],
  shares: [{ claim: 'longconv-scifar', tasks: { scifar: 'scifar' }, models: ['s4', 'transformer'] }],
  defaults: {
    smoke: { tasks: ['scifar'], models: ['s4'] },
    desk: { tasks: ['scifar'], models: ['s4', 'transformer'] },
    paper: { tasks: ['scifar'], models: ['s4'] },
  },
  cost: { smoke: 'seconds', desk: '3 minutes a run on one core, the Transformer 11', paper: 'days on a GPU' },
  openData: openScifar,
  plan: (model, task, scale) => scifarPlan('s4-headline', model, task, scale),
};
export default claim;
