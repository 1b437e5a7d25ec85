/**
 * Moving averages against state spaces, alone and inside of Mega, on LRA Image (the ablation of the S4 repository,
 * configs/experiment/mega/lra-image/README.md; S4D is Gu et al. 2022, arXiv 2206.11893): alone S4D and S4 are far better
 * than a moving average, inside of Mega, whose attention sees chunks of 128, a little.
 *
 *   repro mega-ssm-ablation --scale smoke
 *   published, small: Mega-EMA 81.16, S4D 82.78, S4 84.76; large: 82.56, 88.28, 88.70
 *
 * The published numbers are of the validation split, once; here the test split is judged, at the best validation step.
 * Paper scale: the repository's files (`models/configurations/published/mega-ablation.ts`).
 */
import type { LraRow } from '../../models/configurations/lra-published.ts';
import { lraTaskShapes } from '../../models/configurations/lra-tasks.ts';
import {
  type AblationSystem,
  ablationSizes,
  megaAblation,
} from '../../models/configurations/published/mega-ablation.ts';
import type { TrainingClaim } from '../claim.ts';
import { paperPlan, type Reduction, reducedPlan } from '../classifier-plan.ts';
import { UsageError } from '../errors.ts';
import { openLraData } from '../lra.ts';

const names: Record<AblationSystem, string> = { 'mega-ema': 'Mega-EMA', s4d: 'S4D', s4: 'S4' };

const systems = new Map<string, { row: LraRow; name: string }>(
  ablationSizes.flatMap((size) =>
    (Object.keys(names) as AblationSystem[]).map(
      (id) => [`${id}-${size}`, { row: megaAblation[id](size), name: `(${size}) ${names[id]}` }] as const,
    ),
  ),
);
const ofSize = (size: string) => [...systems.keys()].filter((id) => id.endsWith(size));

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
  models: Object.fromEntries([...systems].map(([id, { name }]) => [id, { title: name, published: name }])),
  tasks: { image: 'LRA Image validation' },
  comparisons: ablationSizes.map((size) => ({
    title: `S4D alone is better than a moving average in Mega, ${size}`,
    one: { task: 'image', model: `s4d-${size}` },
    other: { task: 'image', model: `mega-ema-${size}` },
  })),
  defaults: {
    smoke: { tasks: ['image'], models: ofSize('small') },
    desk: { tasks: ['image'], models: ofSize('small') },
    paper: { tasks: ['image'], models: [...systems.keys()] },
  },
  cost: { smoke: 'half a minute', desk: '2 to 7 minutes a run on one core', paper: 'hours on a GPU for each row' },
  openData: openLraData,
  plan(model, task, scale) {
    const system = systems.get(model);
    if (!system || task !== 'image')
      throw new UsageError(`mega-ssm-ablation has no configuration of ${model} on ${task}`);
    const shape = lraTaskShapes.image;
    return scale === 'paper' ? paperPlan(system.row, shape) : reducedPlan(system.row, shape, reduced[scale]);
  },
};
export default claim;
