/**
 * Learned butterflies on sequential CIFAR (Fu et al. 2023, "Simple Hardware-Efficient Long Convolutions for Sequence
 * Modeling", arXiv 2302.06646, section 3.3): Fourier matrices that are trained with the model, instead of fixed ones, raise
 * the accuracy, larger matrices more.
 *
 *   repro butterfly-scifar --scale smoke
 *   published: fixed 91.0; learned 16 x 16 91.8, 32 x 32 92.4, 256 x 256 92.5
 *
 * Paper scale: Long Conv as in safari's long-conv-cifar.yaml. Reconstructed: the options of the learned transforms (the
 * defaults of safari's block_fft.py: one set for all channels, rate 0.001, no weight decay), for no file has them. Desk
 * scale: size of LRA Image, and all models at the rate that was found there for Long Conv (`longconv-lra`'s search).
 */
import type { TrainingClaim } from '../claim.ts';
import { openScifar, scifarPlan } from '../scifar.ts';

const claim: TrainingClaim = {
  kind: 'training',
  id: 'butterfly-scifar',
  title: 'Learned butterflies on sequential CIFAR',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'learned butterfly table',
  published: 'learned-butterfly-scifar',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the published one minus 0.5 points: the learned transforms are said to gain 0.8 to 1.5 points over the fixed one',
  tolerance: 0.5,
  subject: 'butterfly-256',
  models: {
    'long-conv': { title: 'Long Conv, fixed transform', published: 'Fixed butterfly (baseline)' },
    'butterfly-16': { title: 'Learned butterfly, 16 x 16', published: 'Learned 16x16' },
    'butterfly-32': { title: 'Learned butterfly, 32 x 32', published: 'Learned 32x32' },
    'butterfly-256': { title: 'Learned butterfly, 256 x 256', published: 'Learned 256x256' },
  },
  tasks: { scifar: 'sCIFAR' },
  comparisons: [
    {
      title: 'learned matrices of 16 x 16 are better than the fixed transform',
      one: { task: 'scifar', model: 'butterfly-16' },
      other: { task: 'scifar', model: 'long-conv' },
    },
    {
      title: 'learned matrices of 32 x 32 are better than the fixed transform',
      one: { task: 'scifar', model: 'butterfly-32' },
      other: { task: 'scifar', model: 'long-conv' },
    },
    {
      title: 'learned matrices of 256 x 256 are better than the fixed transform',
      one: { task: 'scifar', model: 'butterfly-256' },
      other: { task: 'scifar', model: 'long-conv' },
    },
    {
      title: 'larger matrices are better: 256 x 256 than 16 x 16',
      one: { task: 'scifar', model: 'butterfly-256' },
      other: { task: 'scifar', model: 'butterfly-16' },
    },
  ],
  shares: [{ claim: 'longconv-scifar', tasks: { scifar: 'scifar' }, models: ['long-conv'] }],
  defaults: {
    smoke: { tasks: ['scifar'], models: ['long-conv', 'butterfly-16'] },
    desk: { tasks: ['scifar'], models: ['long-conv', 'butterfly-16', 'butterfly-32', 'butterfly-256'] },
    paper: { tasks: ['scifar'], models: ['long-conv', 'butterfly-16', 'butterfly-32', 'butterfly-256'] },
  },
  cost: {
    smoke: 'half a minute',
    desk: '3 minutes a run on one core, learned butterflies 8 to 16',
    paper: 'days on a GPU',
  },
  openData: openScifar,
  plan: (model, task, scale) => scifarPlan('butterfly-scifar', model, task, scale),
};
export default claim;
