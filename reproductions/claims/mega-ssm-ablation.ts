/**
 * Moving averages against state spaces, alone and inside of Mega, on LRA Image (the ablation of the S4 repository,
 * configs/experiment/mega/lra-image/README.md; S4D is Gu et al. 2022, arXiv 2206.11893): alone, S4D and S4 are far better than
 * Mega's moving average; inside of Mega, whose attention sees chunks of 128, a little.
 *
 *   repro mega-ssm-ablation --scale smoke
 *   published, small: EMA 69.96, S4D 82.78, S4 84.76; in Mega EMA 81.16, S4D 81.46, S4 81.63
 *   published, large: EMA 70.96, S4D 88.28, S4 88.70; in Mega EMA 82.56, S4D 86.22, S4 86.68
 *
 * The published numbers are of the validation split, once; here the test split is judged, at the best validation step.
 * Paper scale: the repository's files (`models/configurations/published/mega-ablation.ts`), but for S4D-Real.
 */
import { lraTaskShapes } from '../../models/configurations/lra-tasks.ts';
import { ablationSizes, megaAblation } from '../../models/configurations/published/mega-ablation.ts';
import type { TrainingClaim } from '../claim.ts';
import { paperPlan, type Reduction, reducedPlan } from '../classifier-plan.ts';
import type { Comparison } from '../comparison.ts';
import { UsageError } from '../errors.ts';
import { openLraData } from '../lra.ts';

const better = (title: string, one: string, other: string): Comparison[] =>
  ablationSizes.map((size) => ({
    title: `${title}, ${size}`,
    one: { task: 'image', model: `${one}-${size}` },
    other: { task: 'image', model: `${other}-${size}` },
  }));

/** The same for every system, at the rates of the files. */
const reduced: Record<'smoke' | 'desk', Reduction> = {
  smoke: { layers: 1, width: 32, batch: 16, lr: 0.004, warmup: 5, steps: 60, evaluateEvery: 20 },
  desk: { layers: 2, width: 64, batch: 16, warmup: 80, steps: 800, evaluateEvery: 200 },
};

const claim: TrainingClaim = {
  kind: 'training',
  id: 'mega-ssm-ablation',
  title: 'Moving average, S4D and S4, alone and in Mega',
  paper: {
    title: 'On the Parameterization and Initialization of Diagonal State Space Models',
    arxiv: '2206.11893',
  },
  table: 'the S4 repository, configs/experiment/mega/lra-image/README.md',
  published: 'mega-ssm-ablation',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the published validation accuracy minus 1 point',
  tolerance: 1,
  subject: 's4d-small',
  models: Object.fromEntries(
    Object.entries(megaAblation).map(([id, { name }]) => [id, { title: name, published: name }]),
  ),
  tasks: { image: 'LRA Image validation' },
  comparisons: [
    ...better('S4D alone is better than a moving average alone', 's4d', 'ema'),
    ...better('S4D in Mega is better than a moving average in Mega', 'mega-s4d', 'mega-ema'),
    ...better('A moving average in Mega is better than alone', 'mega-ema', 'ema'),
  ],
  defaults: {
    smoke: { tasks: ['image'], models: ['ema-small', 's4d-small', 'mega-ema-small'] },
    desk: { tasks: ['image'], models: ['ema-small', 's4d-small', 's4-small', 'mega-ema-small', 'mega-s4d-small'] },
    paper: { tasks: ['image'], models: Object.keys(megaAblation) },
  },
  cost: { smoke: 'half a minute', desk: '2 to 7 minutes a run on one core', paper: 'hours on a GPU for each row' },
  openData: openLraData,
  plan(model, task, scale) {
    if (!Object.hasOwn(megaAblation, model) || task !== 'image')
      throw new UsageError(`mega-ssm-ablation has no configuration of ${model} on ${task}`);
    const { row } = megaAblation[model];
    const shape = lraTaskShapes.image;
    return scale === 'paper' ? paperPlan(row, shape) : reducedPlan(row, shape, reduced[scale]);
  },
};
export default claim;
