/**
 * Long Conv on images in two dimensions (Fu et al. 2023, "Simple Hardware-Efficient Long Convolutions for Sequence
 * Modeling", arXiv 2302.06646, the 2-D table): a small isotropic network with separable two-dimensional kernels comes near
 * to S4ND.
 *
 *   repro longconv-cifar2d --scale smoke
 *   published: 89.1 from geometric kernels, 88.1 from random ones (from memory); S4ND-ISO 89.9
 *
 * Reconstructed at paper scale: layers, width and weight decay (4, 128 and 0.03: those of arXiv 2302.10866, appendix A.4,
 * with which S4ND's layer has the published 268k parameters), and Long Conv's two-dimensional layer, whose code was never
 * published. Training images are cropped and flipped. Hyena-ISO (91.2) is left out: its two-dimensional filter is described
 * in too few words to be built. Desk scale: size of LRA Image, at the published rates
 * (`repro search` tries others).
 */
import { imageCifar } from '../../models/configurations/published/images.ts';
import type { Scale, TrainingClaim } from '../claim.ts';
import { imageData, openClasses, samples } from '../classifier-data.ts';
import { atRate, paperPlan, type Reduction, reducedPlan, type TaskShape } from '../classifier-plan.ts';
import { UsageError } from '../errors.ts';
import { deskImageSize, searchedRates, searchedShare } from '../lra.ts';
import type { UnseededPlan } from '../train/plan.ts';

const smoke: Reduction = { layers: 1, width: 32, batch: 16, lr: 0.004, warmup: 5, steps: 60, evaluateEvery: 20 };
/** Fewer steps than LRA Image has: each costs more. */
const desk: Reduction = { ...deskImageSize, steps: 1200, evaluateEvery: 120 };
/** Rates at desk scale: the best of three on validation data. */
const deskRates: Record<string, number> = {};

const shape: TaskShape = { length: 1024, input: { kind: 'real', dims: 3 }, classes: 10, pairs: false };

function plan(model: string, task: string, scale: Scale, rate = deskRates[model]): UnseededPlan {
  const row = Object.hasOwn(imageCifar, model) ? imageCifar[model as keyof typeof imageCifar] : undefined;
  if (!row || task !== 'cifar2d') throw new UsageError(`longconv-cifar2d has no configuration of ${model} on ${task}`);
  if (scale === 'paper') return paperPlan(row, shape);
  return reducedPlan(row, shape, scale === 'desk' ? atRate(desk, rate) : smoke);
}

const claim: TrainingClaim = {
  kind: 'training',
  id: 'longconv-cifar2d',
  title: 'Long Conv on images in two dimensions',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: '2-D image table',
  published: 'cifar-2d',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the published one minus the larger of 1 point and two published standard deviations',
  tolerance: 1,
  subject: 'long-conv-2d-geometric',
  models: {
    'long-conv-2d-geometric': { title: 'Long Conv 2D, geometric', published: 'Long Conv 2D-ISO (Geom)' },
    'long-conv-2d': { title: 'Long Conv 2D', published: 'Long Conv 2D-ISO (Rand)' },
    s4nd: { title: 'S4ND', published: 'S4ND-ISO' },
  },
  tasks: { cifar2d: 'CIFAR-10 2-D' },
  comparisons: [
    {
      title: 'Long Conv in two dimensions is within a point of S4ND',
      one: { task: 'cifar2d', model: 'long-conv-2d-geometric' },
      other: { task: 'cifar2d', model: 's4nd' },
      within: 1,
    },
    {
      title: 'geometric kernels do better than random ones',
      one: { task: 'cifar2d', model: 'long-conv-2d-geometric' },
      other: { task: 'cifar2d', model: 'long-conv-2d' },
    },
  ],
  defaults: {
    smoke: { tasks: ['cifar2d'], models: ['long-conv-2d-geometric', 's4nd'] },
    desk: { tasks: ['cifar2d'], models: ['long-conv-2d-geometric', 'long-conv-2d', 's4nd'] },
    paper: { tasks: ['cifar2d'], models: ['long-conv-2d-geometric', 'long-conv-2d', 's4nd'] },
  },
  cost: { smoke: 'half a minute', desk: '4 minutes a run on one core', paper: 'a day on a GPU' },
  openData: (task, scale, options) =>
    openClasses(task, imageData, options, { augment: true, ...(scale === 'smoke' ? { sizes: samples(200, 60) } : {}) }),
  plan: (model, task, scale) => plan(model, task, scale),
  search: {
    ...{ scale: 'desk', tasks: ['cifar2d'], rates: searchedRates, share: searchedShare },
    plan: (model, task, rate) => plan(model, task, 'desk', rate),
  },
};
export default claim;
