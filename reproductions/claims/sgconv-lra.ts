/**
 * SGConv on the Long Range Arena (Li et al. 2022, "What Makes Convolutional Models Great on Long Sequence
 * Modeling?", arXiv 2210.09298, table 1): kernels made of pieces that grow and fade with the distance are better
 * than S4. Paper configurations: the repository's (branch preview), `models/configurations/published`. Desk scale: that of
 * `longconv-lra`, size and rate of every model.
 *
 *   repro sgconv-lra --task listops --scale smoke
 *   published: ListOps 61.45, Text 89.20, Retrieval 91.11, Image 87.97, Pathfinder 95.46, Path-X 97.83
 */
import type { LraTask } from '../../models/configurations/lra-tasks.ts';
import type { Claim } from '../claim.ts';
import {
  deskTasks,
  lraComparisons,
  lraModelPlan,
  lraModels,
  lraSearch,
  lraTaskNames,
  openLraData,
  sameTasks,
} from '../lra.ts';

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
  comparisons: (Object.keys(lraTaskNames) as LraTask[]).flatMap((task) => lraComparisons(task, 'sgconv')),
  shares: [{ claim: 'longconv-lra', tasks: sameTasks, models: lraModels }],
  defaults: {
    smoke: { tasks: ['listops'], models: ['sgconv'] },
    desk: { tasks: [...deskTasks], models: ['sgconv', 's4', 's4d', 'long-conv', 'transformer'] },
    paper: { tasks: ['listops', 'pathfinder', 'pathx'], models: ['sgconv'] },
  },
  cost: {
    smoke: '2 min on 2 cores',
    desk: '1 to 8 minutes a run on one core, the Transformer 10 to 45',
    paper: 'days on a GPU',
  },
  openData: openLraData,
  plan: (model, task, scale) => lraModelPlan(model, task, scale),
  search: lraSearch,
};
export default claim;
