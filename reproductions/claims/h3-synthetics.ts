/**
 * H3 on synthetic languages (Fu, Dao et al. 2022, "Hungry Hungry Hippos", arXiv 2212.14052, table 2): two-layer models of
 * attention and of H3 solve induction heads and associative recall, S4D and GSS do not, and H3 goes on to sequences twice
 * as long as those it was trained on. Paper configurations: safari's, `models/configurations/synthetic-languages.ts`.
 *
 *   repro h3-synthetics --scale paper --models h3,attention,s4d,gss --seeds 0..2
 *   published, second hand: induction head 100 (H3), 100 (attention), 35.6 (S4D), 6.8 (GSS);
 *   associative recall 99.8, 100, 86.0, 78.0; H3 trained at length 20 and tested at 40: 98.4
 *
 * The paper's models are small: paper scale is minutes on two cores, and is what judges the claim. Reconstructed there:
 * GSS, Hyena and the others beside H3, S4D and attention (no configuration was published); every step has 32 examples,
 * where an epoch of safari ends with one of 8; validation is a split of its own, where safari has the test split; a run
 * ends when it is perfect there, for no later step would be tested.
 * Desk scale: shorter, without dropout and from the layers' own start, which were chosen on attention's validation data;
 * each model with the best of the same five rates on its own, at recall of length 20. In 3,000
 * steps at 0.001 and 0.005 attention did not find the induction head, it may be because its positions start small beside
 * its tokens; at paper scale both start alike.
 */

import {
  type SyntheticModel,
  type SyntheticSize,
  syntheticMixers,
  syntheticNetwork,
} from '../../models/configurations/synthetic-languages.ts';
import type { Scale, TrainingClaim } from '../claim.ts';
import { openAssociativeRecall } from '../data/synthetics/associative-recall.ts';
import { openInductionHeads } from '../data/synthetics/induction-heads.ts';
import { UsageError } from '../errors.ts';
import { timm } from '../language.ts';
import { offlineOnly, type SyntheticRun, syntheticPlan } from '../synthetic-languages.ts';
import type { UnseededPlan } from '../train/plan.ts';

interface Task {
  title: string;
  vocabulary: number;
  /** As the paper counts it. */
  length: number;
  /** Of the test split. */
  testLength?: number;
  epochs: number;
  schedule: 'linear' | 'cosine';
}

const tasks = {
  'recall-v10': { title: 'Associative recall', vocabulary: 10, length: 20, epochs: 200, schedule: 'linear' },
  'recall-v20': {
    ...{ title: 'Associative recall, vocabulary 20, length 40', vocabulary: 20, length: 40 },
    ...{ epochs: 400, schedule: 'linear' },
  },
  'recall-longer': {
    ...{ title: 'Associative recall, trained at 20, tested at 40', vocabulary: 10, length: 20, testLength: 40 },
    ...{ epochs: 200, schedule: 'linear' },
  },
  induction: { title: 'Induction head', vocabulary: 20, length: 30, epochs: 400, schedule: 'cosine' },
} as const satisfies Record<string, Task>;
type TaskId = keyof typeof tasks;

const models = {
  h3: 'H3',
  attention: 'Attention',
  s4d: 'S4D',
  gss: 'Gated State Spaces (GSS)',
  hyena: null,
  'h3-long-conv': null,
  s4: null,
  dss: null,
  rwkv: null,
  'linear-attention': null,
} as const satisfies Partial<Record<SyntheticModel, string | null>>;
type Model = keyof typeof models;

/** Training examples, and the steps of an epoch there. */
const examples = 5000;
const epoch = Math.ceil(examples / 32);

/**
 * What differs from the published network at desk scale, the same for every model; the others were tried as well. The
 * published start (GPT-2's, deviation 0.02) leaves every model on a plateau for thousands of steps.
 */
const settings = {
  published: {},
  'no-dropout': { embedDropout: 0 },
  wide: { embedDropout: 0, width: 64 },
  'layers-start': { embedDropout: 0, start: 'layers' },
} as const satisfies Record<string, Partial<SyntheticSize>>;
type Setting = keyof typeof settings;
const deskSetting: Setting = 'layers-start';
/** Of recall at length 20; the harder tasks take twice as many. */
const deskSteps = 3000;
/** Rates at desk scale: the best of those that were searched on validation data; the last four models were not. */
const deskRate: Record<Model, number> = {
  ...{ h3: 0.005, attention: 0.02, s4d: 0.02, gss: 0.005, hyena: 0.001, 'h3-long-conv': 0.01 },
  ...{ s4: 0.005, dss: 0.005, rwkv: 0.005, 'linear-attention': 0.005 },
};

function run(model: Model, { epochs, schedule, length }: Task, scale: Scale, rate = deskRate[model]): SyntheticRun {
  const steps = length > 20 ? 2 * deskSteps : deskSteps;
  const same = { batch: 32, weightDecay: 0.1, betas: [0.9, 0.999], evaluationBatch: 250 } as const;
  const minFactor = schedule === 'cosine' ? 0.1 : 0;
  switch (scale) {
    case 'paper':
      return {
        ...{ ...same, lr: 0.0005, schedule, minFactor },
        ...(schedule === 'cosine' ? { begin: timm(0.0005) } : {}),
        ...{ steps: epochs * epoch, warmup: (epochs / 10) * epoch, evaluateEvery: 5 * epoch },
      };
    case 'desk':
      return {
        ...{ ...same, lr: rate, schedule, minFactor },
        ...{ steps, warmup: steps / 10, evaluateEvery: steps / 10 },
      };
    case 'smoke':
      return { ...{ ...same, lr: 0.002, schedule, minFactor }, ...{ steps: 300, warmup: 30, evaluateEvery: 100 } };
  }
}

const known = (task: string): Task => {
  if (!(task in tasks)) throw new UsageError(`h3-synthetics has no task ${task}`);
  return tasks[task as TaskId];
};
const main: TaskId[] = ['recall-v10', 'recall-v20', 'recall-longer', 'induction'];
const published: Model[] = ['h3', 'attention', 's4d', 'gss', 'hyena', 'h3-long-conv'];

function plan(model: string, task: string, scale: Scale, rate?: number, setting?: Setting): UnseededPlan {
  const found = known(task);
  const { vocabulary, length } = found;
  const change = scale !== 'paper' ? settings[setting ?? deskSetting] : {};
  const size: SyntheticSize = {
    ...{ layers: 2, width: 32, vocabulary, length: length + 2, embedDropout: 0.1, ...change },
    ...(scale === 'paper' ? { attentionDropout: 0.1 } : {}),
  };
  const own = run(model as Model, found, scale, rate);
  return syntheticPlan(syntheticNetwork(model as Model, size, own.lr), own);
}

const claim: TrainingClaim = {
  kind: 'training',
  id: 'h3-synthetics',
  title: 'H3 on induction heads and associative recall',
  paper: { title: 'Hungry Hungry Hippos: Towards Language Modeling with State Space Models', arxiv: '2212.14052' },
  table: 'table 2',
  published: 'h3-synthetics',
  criterion:
    'mean test accuracy of the answers over the seeds, at the best validation step, is at least the published one minus 2 points',
  tolerance: 2,
  subject: 'h3',
  models: Object.fromEntries(
    Object.entries(models).map(([id, name]) => [id, { title: syntheticMixers[id as Model].title, published: name }]),
  ),
  tasks: Object.fromEntries(Object.entries(tasks).map(([id, { title }]) => [id, title])),
  comparisons: main.flatMap((task) => [
    {
      title: `H3 is within 2 points of attention, ${tasks[task].title}`,
      one: { task, model: 'h3' },
      other: { task, model: 'attention' },
      within: 2,
    },
    ...(['s4d', 'gss'] as const).map((model) => ({
      title: `H3 is better than ${syntheticMixers[model].title}, ${tasks[task].title}`,
      one: { task, model: 'h3' },
      other: { task, model },
    })),
  ]),
  defaults: {
    smoke: { tasks: ['recall-v10'], models: ['h3'] },
    desk: { tasks: main, models: published },
    paper: { tasks: main, models: published },
  },
  shows:
    'That on associative recall attention, H3, S4D and GSS come out in the published order and near the published accuracies, ' +
    'at the published size and length of training, and that Hyena, which that table does not have, recalls as well as H3. ' +
    'A model trained at one length does worse on twice the length here than was published. ' +
    'The induction head at paper scale is not run yet; at desk scale H3 alone finds it, where the paper has attention find it too. ' +
    'At desk scale attention depends on its seed in recall as well, and H3 with long convolutions fails: ' +
    'its threshold leaves hardly a tap of kernels this short.',
  cost: { smoke: 'seconds', desk: 'a minute a run on one core', paper: '2 to 10 minutes a run on one core' },
  async openData(task, scale, options) {
    const { vocabulary, length, testLength } = known(task);
    offlineOnly(task, options);
    const sizes = scale === 'smoke' ? { train: 2000, validation: 100, test: 200 } : {};
    const size = { vocabulary, length, sizes, ...(testLength === undefined ? {} : { testLength }) };
    return task === 'induction' ? openInductionHeads(size) : openAssociativeRecall(size);
  },
  plan,
  search: {
    ...{ scale: 'desk', tasks: ['recall-v10'], rates: [0.001, 0.002, 0.005, 0.01, 0.02] },
    settings: Object.keys(settings),
    plan: (model, task, rate, setting) => plan(model, task, 'desk', rate, setting as Setting),
  },
};
export default claim;
