/**
 * Sequential CIFAR, images in colour pixel by pixel: what the claims on it share. At desk scale it has the size of LRA
 * Image, and each model runs at the rate that `longconv-lra`'s search found there for it, or for the model that it is a
 * variant of: Long Conv's own rate for its geometric start and for the learned butterflies.
 */
import { sequentialCifar } from '../models/configurations/published/images.ts';
import type { DataOptions, Scale } from './claim.ts';
import { imageData, openClasses, samples } from './classifier-data.ts';
import { type ClassifierPlan, paperPlan, type Reduction, reducedPlan, type TaskShape } from './classifier-plan.ts';
import type { Dataset } from './data/dataset.ts';
import { UsageError } from './errors.ts';
import { deskImage, type Searched } from './lra.ts';

type Model = keyof typeof sequentialCifar;

const shape: TaskShape = { length: 1024, input: { kind: 'real', dims: 3 }, classes: 10, pairs: false };
const smoke: Reduction = { layers: 1, width: 32, batch: 16, lr: 0.004, warmup: 5, steps: 60, evaluateEvery: 20 };

/** The LRA model whose rate a model takes. */
const searchedAs = (model: Model): Searched => (model === 's4' || model === 'transformer' ? model : 'long-conv');

export const openScifar = (task: string, scale: Scale, options: DataOptions): Promise<Dataset> =>
  openClasses(task, imageData, options, scale === 'smoke' ? { sizes: samples(200, 60) } : {});

/** Throws `UsageError` when the claim has no such model or task. */
export function scifarPlan(claim: string, model: string, task: string, scale: Scale): ClassifierPlan {
  if (!Object.hasOwn(sequentialCifar, model) || task !== 'scifar')
    throw new UsageError(`${claim} has no configuration of ${model} on ${task}`);
  const row = sequentialCifar[model as Model];
  if (scale === 'paper') return paperPlan(row, shape);
  return reducedPlan(row, shape, scale === 'smoke' ? smoke : deskImage(searchedAs(model as Model)));
}
