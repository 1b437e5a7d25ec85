/**
 * What SGConv's README says of it in one sentence (Li et al. 2022, arXiv 2210.09298): better than S4 on the Long Range Arena.
 * By its tables in five of six tasks, all but Image, and by 1.08 points in the mean.
 *
 *   repro sgconv-headline --scale smoke
 *   published: LRA average 87.17 against 86.09 of S4-LegS
 *
 * Nothing is trained for this claim alone: its runs are those of `sgconv-lra`, set side by side by task and seed, beside the
 * published rows of either. The mean over the tasks (results/published/sgconv-headline.json) is not judged by itself: it is
 * that of the six differences.
 */
import type { LraTask } from '../../models/configurations/lra-tasks.ts';
import type { TrainingClaim } from '../claim.ts';
import { lraModelPlan, lraTaskNames, openLraData, sameTasks, searchedTasks } from '../lra.ts';

const titles = { sgconv: 'SGConv', s4: 'S4' };
const models = Object.keys(titles);

const claim: TrainingClaim = {
  kind: 'training',
  id: 'sgconv-headline',
  title: 'SGConv against S4, task by task',
  paper: { title: 'What Makes Convolutional Models Great on Long Sequence Modeling?', arxiv: '2210.09298' },
  table: 'README; table 1',
  published: 'lra-accuracy',
  criterion:
    'in each task but Image the mean difference of test accuracy between SGConv and S4, over seeds that both were run with, lies above 0 with its 95 % interval; on Image S4 lies above SGConv',
  tolerance: 1,
  subject: 'sgconv',
  models: {
    sgconv: { title: titles.sgconv, published: 'SGConv' },
    s4: { title: titles.s4, published: 'S4-LegS (updated S4)' },
  },
  tasks: lraTaskNames,
  comparisons: (Object.keys(lraTaskNames) as LraTask[]).map((task) => {
    const [better, worse] = task === 'image' ? (['s4', 'sgconv'] as const) : (['sgconv', 's4'] as const);
    return {
      title: `${titles[better]} is better than ${titles[worse]}, ${lraTaskNames[task]}`,
      one: { task, model: better },
      other: { task, model: worse },
    };
  }),
  shares: ['sgconv-lra', 'longconv-lra'].map((id) => ({ claim: id, tasks: sameTasks, models })),
  defaults: {
    smoke: { tasks: ['image'], models },
    desk: { tasks: [...searchedTasks], models },
    paper: { tasks: Object.keys(lraTaskNames), models },
  },
  cost: { smoke: 'half a minute', desk: '1 to 5 minutes a run on one core', paper: 'days on a GPU' },
  openData: openLraData,
  plan: (model, task, scale) => lraModelPlan(model, task, scale),
};
export default claim;
