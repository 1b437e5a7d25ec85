/**
 * Long Conv on the Long Range Arena (Fu et al. 2023, "Simple Hardware-Efficient Long Convolutions for Sequence
 * Modeling", arXiv 2302.06646, table 1): kernels learned directly and kept in check by soft thresholding reach the
 * accuracy of state space models. Paper configurations: the repository's, `models/configurations/published`.
 *
 *   repro longconv-lra --task listops --scale smoke
 *   repro longconv-lra --task image --scale desk --models long-conv,s4 --seeds 0..2
 *   published: ListOps 60.3, Pathfinder 94.0, Path-X 96.9 and so on; see results/published/lra-accuracy.json for
 *   how far each of these numbers could be confirmed
 *
 * Desk scale: small networks, the same size and steps for every model. On Image each runs at the best of four rates on
 * validation data, one seed and a quarter of the steps a trial (`repro search longconv-lra`); on the other tasks at the
 * published one. `sgconv-lra` has the same plans.
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
  id: 'longconv-lra',
  title: 'Long Conv on the Long Range Arena',
  paper: { title: 'Simple Hardware-Efficient Long Convolutions for Sequence Modeling', arxiv: '2302.06646' },
  table: 'table 1, row "Rand + Squash"',
  published: 'lra-accuracy',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the published one minus the larger of 1 point and two published standard deviations',
  tolerance: 1,
  subject: 'long-conv',
  models: {
    'long-conv': { title: 'Long Conv', published: 'Long Conv, Rand + Squash' },
    s4: { title: 'S4', published: 'S4-LegS (updated S4)' },
    s4d: { title: 'S4D', published: 'S4D-LegS' },
    sgconv: { title: 'SGConv', published: 'SGConv' },
    transformer: { title: 'Transformer', published: 'Transformer' },
  },
  tasks: lraTaskNames,
  comparisons: (Object.keys(lraTaskNames) as LraTask[]).flatMap((task) => lraComparisons(task, 'long-conv')),
  shares: [{ claim: 'sgconv-lra', tasks: sameTasks, models: lraModels }],
  defaults: {
    smoke: { tasks: ['listops'], models: ['long-conv'] },
    desk: { tasks: [...deskTasks], models: ['long-conv', 'sgconv', 's4', 's4d', 'transformer'] },
    paper: { tasks: ['listops', 'pathfinder', 'pathx'], models: ['long-conv'] },
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
