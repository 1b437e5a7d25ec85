/**
 * SGConv on Speech Commands (Li et al. 2022, "What Makes Convolutional Models Great on Long Sequence Modeling?", arXiv
 * 2210.09298, table 3): a second of raw sound, 16,000 steps, and the same model without further training at 8 kHz.
 *
 *   repro sgconv-speechcommands --scale smoke
 *   published (from memory, unconfirmed): 10 words 97.52, at 8 kHz 96.03, MFCC 94.91; 35 words 96.42, at 8 kHz 94.29
 *
 * At 8 kHz the model sees every second sample, and its kernels move in steps of two (`layers/convolution.ts`). The tasks
 * `sc10-8k` and `sc35-8k` are rows of the table that come with those of `sc10` and `sc35`.
 *
 * Paper scale: state-spaces' s4-sc.yaml for S4. Reconstructed: all of SGConv, which published no configuration for speech (its
 * layer in S4's network), S4D's start, the Transformer on MFCC, and the length of training with 10 words (35 words' own).
 * Desk scale: a part of the clips and a small network, at the published rates (`repro search` tries others).
 */
import { speechCommands } from '../../models/configurations/published/speech.ts';
import type { Scale, TrainingClaim } from '../claim.ts';
import { openClasses, samples } from '../classifier-data.ts';
import { atRate, paperPlan, type Reduction, reducedPlan, type TaskShape } from '../classifier-plan.ts';
import type { TaskData } from '../data/choose.ts';
import type { OpenOptions } from '../data/definition.ts';
import type { SoundOptions } from '../data/speech-commands/sound.ts';
import { UsageError } from '../errors.ts';
import { searchedRates, searchedShare } from '../lra.ts';
import type { UnseededPlan } from '../train/plan.ts';

interface Task {
  title: string;
  words: 10 | 35;
  sound: SoundOptions;
  shape: TaskShape;
  /** Of the zero-shot test that comes with it. */
  slower?: string;
}

const raw = (classes: number): TaskShape => ({
  ...{ length: 16000, input: { kind: 'real', dims: 1 }, classes, pairs: false },
});
const tasks: Record<string, Task> = {
  sc10: { title: 'SC10 raw 16kHz', words: 10, sound: {}, shape: raw(10), slower: 'sc10-8k' },
  sc35: { title: 'SC35 raw 16kHz', words: 35, sound: {}, shape: raw(35), slower: 'sc35-8k' },
  'sc10-mfcc': {
    ...{ title: 'SC10 MFCC', words: 10, sound: { features: 'mfcc' } },
    shape: { length: 161, input: { kind: 'real', dims: 20 }, classes: 10, pairs: false },
  },
};
const slower: Record<string, string> = {
  'sc10-8k': 'SC10 raw 8kHz (zero-shot)',
  'sc35-8k': 'SC35 raw 8kHz (zero-shot)',
};

const data: Record<10 | 35, TaskData> = {
  10: { real: 'speech-commands-10', offline: ['sc-tts10'] },
  35: { real: 'speech-commands-35', offline: ['sc-tts35'] },
};

/** The same for every model; at desk scale on raw sound with the rates below, otherwise with the published ones. */
const reduced: Record<'smoke' | 'desk', { raw: Reduction; mfcc: Reduction }> = {
  smoke: {
    raw: { layers: 2, width: 32, batch: 8, lr: 0.01, warmup: 10, steps: 150, evaluateEvery: 50 },
    mfcc: { layers: 1, width: 16, batch: 8, warmup: 2, steps: 20, evaluateEvery: 10 },
  },
  desk: {
    raw: { layers: 2, width: 32, batch: 8, warmup: 75, steps: 1500, evaluateEvery: 150 },
    mfcc: { layers: 2, width: 64, batch: 16, warmup: 100, steps: 2000, evaluateEvery: 200 },
  },
};

/** Rates on raw sound at desk scale: the best of three on validation data. */
const deskRates: Record<string, number> = {};

const sizes: Record<Scale, OpenOptions> = {
  smoke: { sizes: samples(400, 100) },
  desk: { sizes: { train: 8000, validation: 400, test: 800 } },
  paper: {},
};

function known(task: string): Task {
  if (task in slower)
    throw new UsageError(
      `${task} is a test of the model that was trained on ${task.slice(0, -3)}: run that task, and it is in its table`,
    );
  if (!Object.hasOwn(tasks, task)) throw new UsageError(`sgconv-speechcommands has no task ${task}`);
  return tasks[task];
}

function plan(model: string, task: string, scale: Scale, rate = deskRates[model]): UnseededPlan {
  const { shape, sound } = known(task);
  if (!Object.hasOwn(speechCommands, model) || (model === 'transformer' && sound.features !== 'mfcc'))
    throw new UsageError(`there is no configuration of ${model} on ${task}`);
  const row = speechCommands[model as keyof typeof speechCommands];
  if (scale === 'paper') return paperPlan(row, shape);
  const { raw, mfcc } = reduced[scale];
  if (sound.features === 'mfcc') return reducedPlan(row, shape, mfcc);
  return reducedPlan(row, shape, scale === 'desk' ? atRate(raw, rate) : raw);
}

const main = ['sc10', 'sc35'];
const claim: TrainingClaim = {
  kind: 'training',
  id: 'sgconv-speechcommands',
  title: 'SGConv on Speech Commands',
  paper: { title: 'What Makes Convolutional Models Great on Long Sequence Modeling?', arxiv: '2210.09298' },
  table: 'table 3, row SGConv',
  published: 'speech-commands',
  criterion:
    'mean test accuracy over the seeds, at the best validation step, is at least the published one minus the larger of 1 point and two published standard deviations',
  tolerance: 1,
  subject: 'sgconv',
  models: {
    sgconv: { title: 'SGConv', published: 'SGConv' },
    s4: { title: 'S4', published: 'S4-LegS' },
    s4d: { title: 'S4D', published: 'S4D-LegS' },
    transformer: { title: 'Transformer', published: 'Transformer' },
  },
  tasks: { ...Object.fromEntries(Object.entries(tasks).map(([id, { title }]) => [id, title])), ...slower },
  comparisons: [
    {
      title: 'SGConv is within a point of S4',
      one: { task: 'sc10', model: 'sgconv' },
      other: { task: 'sc10', model: 's4' },
      within: 1,
    },
    {
      title: 'without training at 8 kHz, SGConv is within a point of S4',
      one: { task: 'sc10-8k', model: 'sgconv' },
      other: { task: 'sc10-8k', model: 's4' },
      within: 1,
    },
  ],
  defaults: {
    smoke: { tasks: ['sc10'], models: ['sgconv'] },
    desk: { tasks: ['sc10'], models: ['sgconv', 's4', 's4d'] },
    paper: { tasks: main, models: ['sgconv'] },
  },
  cost: { smoke: 'a minute', desk: '5 to 8 minutes a run on one core', paper: 'days on a GPU' },
  openData(task, scale, options) {
    const { words, sound } = known(task);
    return openClasses(task, data[words], options, { ...sizes[scale], ...sound });
  },
  async further(task, _model, scale, options) {
    const { words, sound, slower } = known(task);
    if (!slower) return [];
    const view: SoundOptions = { ...sound, rate: 2 };
    return [
      { task: slower, rate: 2, data: await openClasses(task, data[words], options, { ...sizes[scale], ...view }) },
    ];
  },
  plan: (model, task, scale) => plan(model, task, scale),
  search: {
    ...{ scale: 'desk', tasks: ['sc10'], rates: searchedRates, share: searchedShare },
    plan: (model, task, rate) => plan(model, task, 'desk', rate),
  },
};
export default claim;
