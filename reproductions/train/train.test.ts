import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Device } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { openListOps } from '../data/listops.ts';
import { CheckpointFolder } from './checkpoint.ts';
import { DivergedError, Watch } from './divergence.ts';
import { Journal } from './journal.ts';
import { type LoopOptions, type LoopResult, trainLoop } from './loop.ts';
import type { TrainingPlan } from './plan.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts';

let folder = '';
let device: Device;
const previous = process.env.LONGCONV_CACHE;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-train-'));
  process.env.LONGCONV_CACHE = join(folder, 'cache');
  device = await openDevice('cpu');
});
after(async () => {
  await device.close();
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const bounds = { minLength: 4, maxLength: 30, maxDepth: 4, maxArguments: 4 };
const data = () => openListOps({ bounds, sizes: { train: 200, validation: 40, test: 40 }, workers: 1 });
/** Dropout of activations and kernel taps, batch norm, clipping: everything that has a state. */
const plan: TrainingPlan = {
  task: 'classification',
  network: {
    blocks: [
      { mixer: 'long-conv', config: { channels: 1, kernelDropout: 0.2, lambda: 0.001, lr: 0.001 } },
      { mixer: 'sgconv', config: { kernelDim: 4 } },
    ],
    ...{ width: 8, length: 30, classes: 10, norm: 'batch', prenorm: false, dropout: 0.1, tiedDropout: true },
    ...{ positions: false, pool: 'mean', head: { kind: 'linear' } },
    input: { kind: 'tokens', vocabulary: 18, padding: 0 },
  },
  ...{ batch: 12, accumulation: 2, lr: 0.01, weightDecay: 0.05, betas: [0.9, 0.999], clip: 1 },
  schedule: { kind: 'cosine', warmup: 10, total: 100, warmupFrom: 'one', minFactor: 0 },
  ...{ steps: 100, evaluateEvery: 25, evaluationBatch: 16, metric: 'accuracy', seed: 3 },
};
/** No own rates: with a rate of 0 nothing moves, batch statistics aside. */
const frozenNetwork = {
  ...plan.network,
  ...{ blocks: [{ mixer: 'sgconv', config: { kernelDim: 4 } }], norm: 'layer', dropout: 0 },
};
const silent = { warn: () => {} };
const options = (name: string, change: Partial<LoopOptions> = {}): LoopOptions => ({
  ...{ folder: join(folder, name), configHash: 'hash', config: { plan: 'test' }, report: silent },
  ...change,
});
const run = async (
  name: string,
  change: Partial<LoopOptions> = {},
  planned: Partial<TrainingPlan> = {},
): Promise<LoopResult> =>
  trainLoop(device, await data(), { ...plan, ...planned } as TrainingPlan, options(name, change));

const checkpoint = (name: string, step: number) =>
  new CheckpointFolder(join(folder, name, 'checkpoints'), null, () => {}).load(step);
const losses = (name: string) =>
  new Journal(join(folder, name, 'journal.jsonl'))
    .read()
    .filter((line) => line.event === 'step')
    .map(({ loss, value, rate }) => [loss, value, rate]);

test('100 steps are the same bit for bit as 40 steps, a stop, and 60 steps', async () => {
  const whole = await run('whole');
  assert.equal(whole.outcome, 'finished');
  const first = await run('parts', { stopAfter: 40 });
  assert.deepEqual([first.outcome, first.step], ['paused', 40]);
  const rest = await run('parts');
  assert.equal(rest.outcome, 'finished');
  assert.equal(losses('whole').length, 100);
  assert.deepEqual(losses('parts'), losses('whole'));
  assert.deepEqual(checkpoint('parts', 100)?.tensors, checkpoint('whole', 100)?.tensors);
  const state = (name: string) => ({ ...checkpoint(name, 100)?.state, seconds: 0 });
  assert.deepEqual(state('parts'), state('whole'));
  assert.deepEqual([rest.test, rest.validation, rest.bestStep], [whole.test, whole.validation, whole.bestStep]);
});

test('a signal stops the run at the next step, with a checkpoint from which it goes on', async () => {
  const controller = new AbortController();
  const stepped = () => controller.abort();
  const stopped = await run('signal', { signal: controller.signal, report: { ...silent, stepped } });
  assert.deepEqual([stopped.outcome, stopped.step], ['interrupted', 1]);
  const budget = await run('signal', { budget: 0 });
  assert.deepEqual([budget.outcome, budget.step], ['budget', 1]);
  const more = await run('signal', { stopAfter: 3 });
  assert.equal(more.step, 3);
  assert.deepEqual(losses('signal'), losses('whole').slice(0, 3));
});

test('a signal during an evaluation keeps the step; the evaluation is made when the run goes on', async () => {
  const controller = new AbortController();
  const evaluating = () => controller.abort();
  const stopped = await run('evaluation', { signal: controller.signal, report: { ...silent, evaluating } });
  assert.deepEqual([stopped.outcome, stopped.step, stopped.bestStep], ['interrupted', 25, null]);
  const more = await run('evaluation', { stopAfter: 26 });
  assert.deepEqual([more.step, more.bestStep], [26, 25]);
  assert.deepEqual(losses('evaluation'), losses('whole').slice(0, 26));
});

test('a corrupt checkpoint is named and set aside, and the one before it is used', async () => {
  await run('corrupt', { stopAfter: 25 });
  await run('corrupt', { stopAfter: 30 });
  const checkpoints = join(folder, 'corrupt', 'checkpoints');
  const path = join(checkpoints, 'step-00000030.safetensors');
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
  const said: string[] = [];
  const from: number[] = [];
  const report = { warn: (line: string) => said.push(line), started: (_: unknown, step: number) => from.push(step) };
  await run('corrupt', { stopAfter: 31, report });
  assert.deepEqual(from, [25]);
  assert.match(said[0], /step-00000030\.json is corrupt \(the checksum of its tensors.*\.corrupt-1/);
  assert.ok(existsSync(`${path}.corrupt-1`));
  assert.deepEqual(losses('corrupt'), losses('whole').slice(0, 31));
  writeFileSync(join(checkpoints, 'step-00000031.json'), '{"state"');
  await run('corrupt', { stopAfter: 32, report });
  assert.match(said[1], /step-00000031\.json is corrupt \(its side file is not JSON\)/);
  assert.deepEqual(losses('corrupt'), losses('whole').slice(0, 32));
});

test('the last two checkpoints and the best one are kept', () => {
  const steps = readdirSync(join(folder, 'whole', 'checkpoints')).filter((f) => f.endsWith('.json'));
  const best = checkpoint('whole', 100)?.state.best?.step as number;
  const expected = [...new Set([75, 100, best])].sort((a, b) => a - b);
  assert.deepEqual(
    steps.map((f) => Number(f.match(/\d+/)?.[0])).sort((a, b) => a - b),
    expected,
  );
});

/** The files of a checkpoint. */
const filesOf = (name: string, step: number) =>
  ['json', 'safetensors'].map((kind) =>
    join(folder, name, 'checkpoints', `step-${String(step).padStart(8, '0')}.${kind}`),
  );

test('a foreign checkpoint of the right name is named and set aside, and the one before it is used', async () => {
  await run('foreign', { stopAfter: 25 });
  await run('other', { stopAfter: 30, configHash: 'other' });
  const [, tensors] = filesOf('foreign', 30);
  filesOf('other', 30).forEach((file, i) => void copyFileSync(file, filesOf('foreign', 30)[i]));
  const said: string[] = [];
  const from: number[] = [];
  const report = { warn: (line: string) => said.push(line), started: (_: unknown, step: number) => from.push(step) };
  await run('foreign', { stopAfter: 31, report });
  assert.deepEqual(from, [25]);
  assert.equal(said.length, 1);
  assert.match(said[0], /step-00000030\.json is foreign \(it belongs to the configuration other, this run has hash\)/);
  assert.ok(existsSync(`${tensors}.foreign-1`));
  assert.deepEqual(losses('foreign'), losses('whole').slice(0, 31));
  // Its own checkpoint under the name of another step.
  filesOf('foreign', 31).forEach((file, i) => void copyFileSync(file, filesOf('foreign', 40)[i]));
  await run('foreign', { stopAfter: 32, report });
  assert.deepEqual([from, said.length], [[25, 31], 2]);
  assert.match(said[1], /step-00000040\.json is foreign \(it is of step 31\)/);
  assert.deepEqual(losses('foreign'), losses('whole').slice(0, 32));
});

test('a truncated checkpoint is set aside; without its tensors too; and what was left half done is cleared', async () => {
  await run('truncated', { stopAfter: 25 });
  await run('truncated', { stopAfter: 30 });
  const [side, tensors] = filesOf('truncated', 30);
  truncateSync(tensors, 1000);
  const said: string[] = [];
  const report = { warn: (line: string) => said.push(line) };
  await run('truncated', { stopAfter: 31, report });
  assert.match(said[0], /step-00000030\.json is corrupt \(the checksum of its tensors does not match\)/);
  const [later, laterTensors] = filesOf('truncated', 31);
  rmSync(laterTensors);
  const half = [`${filesOf('truncated', 28)[1]}.4000000-0.tmp`, filesOf('truncated', 29)[1]];
  for (const file of half) writeFileSync(file, 'half');
  await run('truncated', { stopAfter: 32, report });
  assert.match(said[1], /step-00000031\.json is corrupt \(its tensors are missing\)/);
  assert.ok(![side, later, ...half].some((file) => existsSync(file)));
  assert.deepEqual(losses('truncated'), losses('whole').slice(0, 32));
});

test('a best checkpoint that is gone is no reason to test other parameters', async () => {
  const still = { lr: 0, weightDecay: 0, evaluateEvery: 5, patience: 3, network: frozenNetwork };
  assert.equal((await run('gone', { stopAfter: 17 }, still as Partial<TrainingPlan>)).step, 17);
  for (const file of filesOf('gone', 5)) rmSync(file);
  await assert.rejects(
    run('gone', {}, still as Partial<TrainingPlan>),
    /checkpoint of step 5, the best one, is not in .* any more.*--fresh/,
  );
});

test('a journal that ends in the middle of a line goes on with the next one, and nothing else is lost', async () => {
  await run('torn', { stopAfter: 25 });
  await run('torn', { stopAfter: 30 });
  const file = join(folder, 'torn', 'journal.jsonl');
  // As kill -9 leaves it: steps after the last checkpoint, the last line without its end.
  const step = { event: 'step', step: 31, loss: 9, value: 0, rate: 1, seconds: 1, tokens: 1 };
  const line = JSON.stringify({ ...step, step: 32 });
  appendFileSync(file, `${JSON.stringify(step)}\n${line.slice(0, 20)}`);
  await run('torn', { stopAfter: 33 });
  assert.deepEqual(losses('torn'), losses('whole').slice(0, 33));
  assert.equal(readFileSync(`${file}.corrupt`, 'utf8'), `${line.slice(0, 20)}\n`);
});

test('safetensors: round trip, alignment, and what is damaged is refused', () => {
  const tensors = new Map<string, NamedTensor>([
    ['a', { data: Float32Array.from([1, -2.5, 3]), shape: [3] }],
    ['é', { data: Float64Array.from([Math.PI, -0, 1e-300, 4]), shape: [2, 2] }],
    ['i', { data: Int32Array.from([7]), shape: [] }],
    ['none', { data: new Float32Array(0), shape: [0, 5] }],
  ]);
  const file = Buffer.concat(encodeSafetensors(tensors, { note: 'x' }));
  assert.equal(file.readBigUInt64LE(0) % 8n, 0n);
  const back = decodeSafetensors(file);
  assert.deepEqual([...back].sort(), [...tensors].sort());
  assert.throws(() => decodeSafetensors(file.subarray(0, file.length - 1)), /does not lie within the file/);
  assert.throws(() => decodeSafetensors(Buffer.from('no')), /header does not fit/);
  assert.throws(() => encodeSafetensors(new Map([['x', { data: new Float32Array(2), shape: [3] }]])), /do not fill/);
});

test('a run that diverges stops with the step, the place and the last good checkpoint', async () => {
  const schedule = { ...plan.schedule, kind: 'constant', warmup: 0 } as const;
  const wild = { lr: 1e30, evaluateEvery: 2, schedule, clip: null };
  const message = /step \d+; (the parameter \S+ is not finite|.* is a result of \S+ at \S+).*(no|step \d+|checkpoint)/;
  await assert.rejects(run('wild', {}, wild), (e) => e instanceof DivergedError && message.test(e.message));
  const lines = new Journal(join(folder, 'wild', 'journal.jsonl')).read();
  assert.match(JSON.stringify(lines.at(-1)), /"stopped".*diverged: the loss is/);
});

test('a loss that explodes is noticed, one that only wavers is not', () => {
  const watch = new Watch();
  for (let i = 0; i < 10; i++) assert.ok(watch.holds(2 + i / 10));
  assert.ok(watch.holds(200));
  assert.equal(watch.holds(250), false);
  assert.equal(watch.holds(Number.NaN), false);
  assert.equal(new Watch().holds(Number.POSITIVE_INFINITY), false);
});

test('patience: the run ends when the validation split no longer gets better, also over a stop', async () => {
  const still = { lr: 0, weightDecay: 0, evaluateEvery: 5, patience: 3 };
  const frozen = { ...still, network: frozenNetwork } as Partial<TrainingPlan>;
  const whole = await run('patient', {}, frozen);
  assert.deepEqual([whole.outcome, whole.step, whole.bestStep], ['finished', 20, 5]);
  assert.equal((await run('patient-parts', { stopAfter: 13 }, frozen)).outcome, 'paused');
  assert.deepEqual((await run('patient-parts', {}, frozen)).step, 20);
});

test('a run that may end when it is perfect on validation data is tested as the whole one is', async () => {
  // One sample of the most frequent class in the place of the validation split.
  const easy = async () => {
    const all = await data();
    const counts = all.labelCounts('train');
    const frequent = counts.indexOf(Math.max(...counts));
    const sample = Array.from({ length: 200 }, (_, i) => i).find(
      (i) => all.batch('train', [i]).targets[0] === frequent,
    );
    const one = (split: 'train' | 'validation' | 'test', indices: ArrayLike<number>) =>
      all.batch(split === 'test' ? 'test' : 'train', split === 'validation' ? [sample as number] : indices);
    return Object.assign(Object.create(all), { batch: one, sizes: { ...all.sizes, validation: 1 } }) as typeof all;
  };
  const planned = { ...plan, steps: 40, evaluateEvery: 5 } as TrainingPlan;
  const whole = await trainLoop(device, await easy(), planned, options('to-the-end'));
  const short = await trainLoop(device, await easy(), { ...planned, untilPerfect: true }, options('until-perfect'));
  assert.equal(whole.step, 40);
  assert.equal(whole.validation?.value, 1, 'it did not learn what is frequent');
  assert.ok(short.step < 40 && short.step === short.bestStep);
  assert.deepEqual([short.test, short.validation, short.bestStep], [whole.test, whole.validation, whole.bestStep]);
});

test('a plateau of the validation loss lowers the rate, the same over a stop', async () => {
  const plateau = {
    ...{ mode: 'min', threshold: 10, thresholdMode: 'absolute', factor: 0.5, patience: 0, cooldown: 0, minFactor: 0 },
  } as const;
  const planned = { plateau, steps: 9, evaluateEvery: 3, schedule: { ...plan.schedule, kind: 'constant', warmup: 0 } };
  const rates = (name: string) =>
    new Journal(join(folder, name, 'journal.jsonl'))
      .read()
      .flatMap((line) => (line.event === 'step' ? [line.rate] : []));
  await run('plateau', {}, planned as Partial<TrainingPlan>);
  assert.deepEqual(rates('plateau'), [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005, 0.005]);
  await run('plateau-parts', { stopAfter: 7 }, planned as Partial<TrainingPlan>);
  await run('plateau-parts', {}, planned as Partial<TrainingPlan>);
  assert.deepEqual(rates('plateau-parts'), rates('plateau'));
});
