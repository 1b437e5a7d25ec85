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
import { lraTaskNames, sameTasks } from '../lra.ts';
import sgconvLra from './sgconv-lra.ts';

const tables = sgconvLra as TrainingClaim;
const models = ['sgconv', 's4'];

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
    sgconv: { title: 'SGConv', published: 'SGConv' },
    s4: { title: 'S4', published: 'S4-LegS (updated S4)' },
  },
  tasks: lraTaskNames,
  comparisons: (Object.keys(lraTaskNames) as LraTask[]).map((task) => {
    const [better, worse] = task === 'image' ? ['s4', 'sgconv'] : ['sgconv', 's4'];
    return {
      title: `${tables.models[better].title} is better than ${tables.models[worse].title}, ${lraTaskNames[task]}`,
      one: { task, model: better },
      other: { task, model: worse },
    };
  }),
  shares: ['sgconv-lra', 'longconv-lra'].map((id) => ({ claim: id, tasks: sameTasks, models })),
  defaults: {
    smoke: { tasks: ['image'], models },
    desk: { tasks: ['listops', 'image'], models },
    paper: { tasks: Object.keys(lraTaskNames), models },
  },
  cost: { smoke: 'half a minute', desk: '10 minutes a run on one core', paper: 'days on a GPU' },
  openData: tables.openData,
  plan: tables.plan,
};
export default claim;
