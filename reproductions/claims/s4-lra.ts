/**
 * S4 on the Long Range Arena, held to what its own repository promises (Gu et al. 2022, "Efficiently Modeling Long Sequences
 * with Structured State Spaces", arXiv 2111.00396; state-spaces/s4, models/s4/experiments.md): the accuracies that a user of
 * the present files is told to expect, and on the way to them those of an early epoch, which are not judged here.
 *
 *   repro s4-lra --scale smoke
 *   published ("approximate"): ListOps 59.5, Text 86.5, Retrieval 91, Image 88.5, Pathfinder 94, Path-X 96
 *
 * Paper scale: the repository's present files (`s4-v4`); beside them the older ones of the published average (`s4`) and
 * the Transformer, whose runs are those of `sgconv-lra`. Desk scale: the rate that was found for the older files.
 */
import type { LraTask } from '../../models/configurations/lra-tasks.ts';
import type { TrainingClaim } from '../claim.ts';
import {
  deskRate,
  lraModelPlan,
  lraPlan,
  lraTaskNames,
  openLraData,
  publishedRow,
  sameTasks,
  searchedTasks,
} from '../lra.ts';

const claim: TrainingClaim = {
  kind: 'training',
  id: 's4-lra',
  title: "S4 on the Long Range Arena, its repository's targets",
  paper: { title: 'Efficiently Modeling Long Sequences with Structured State Spaces', arxiv: '2111.00396' },
  table: 'the S4 repository, models/s4/experiments.md',
  published: 'lra-s4-repro',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the one that the repository states minus 1 point',
  tolerance: 1,
  subject: 's4-v4',
  models: {
    's4-v4': { title: 'S4, present files', published: 'S4 (repo, current)' },
    s4: { title: 'S4, files of the paper', published: null },
    transformer: { title: 'Transformer', published: null },
  },
  tasks: lraTaskNames,
  comparisons: (Object.keys(lraTaskNames) as LraTask[]).map((task) => ({
    title: `S4 is better than the Transformer, ${lraTaskNames[task]}`,
    one: { task, model: 's4-v4' },
    other: { task, model: 'transformer' },
  })),
  shares: [{ claim: 'sgconv-lra', tasks: sameTasks, models: ['s4', 'transformer'] }],
  defaults: {
    smoke: { tasks: ['image'], models: ['s4-v4'] },
    desk: { tasks: [...searchedTasks], models: ['s4-v4'] },
    paper: { tasks: Object.keys(lraTaskNames), models: ['s4-v4'] },
  },
  cost: { smoke: 'half a minute', desk: '2 to 5 minutes a run on one core', paper: 'days on a GPU' },
  openData: openLraData,
  plan: (model, task, scale) =>
    model === 's4-v4'
      ? lraPlan(publishedRow(model, task), scale, deskRate('s4', task))
      : lraModelPlan(model, task, scale),
};
export default claim;
