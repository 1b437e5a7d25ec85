import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Device } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import type { ClassifierConfig } from '../../models/networks/classifier.ts';
import type { AnyDataset } from '../data/dataset.ts';
import { openBoldSim } from '../data/fmri/bold-sim.ts';
import { openListOps } from '../data/listops.ts';
import { openAssociativeRecall } from '../data/synthetics/associative-recall.ts';
import { openIclRegression } from '../data/synthetics/icl-regression.ts';
import { CheckpointFolder } from './checkpoint.ts';
import { estimateLearner } from './learner.ts';
import { type LoopOptions, trainLoop } from './loop.ts';
import { fitted, type Method, type UnseededPlan } from './plan.ts';

let folder = '';
let device: Device;
const previous = process.env.LONGCONV_CACHE;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-learner-'));
  process.env.LONGCONV_CACHE = join(folder, 'cache');
  device = await openDevice('cpu');
});
after(async () => {
  await device.close();
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const STEPS = 40;
const method: Omit<Method, 'metric'> = {
  ...{ batch: 16, accumulation: 1, lr: 0.01, weightDecay: 0.01, betas: [0.9, 0.999], clip: 1 },
  schedule: { kind: 'constant', warmup: 0, total: STEPS, warmupFrom: 'one', minFactor: 0 },
  ...{ steps: STEPS, evaluateEvery: 20, evaluationBatch: 16 },
};
const block = { mixer: 's4d', config: { states: 4 } };
const body = {
  blocks: [block, block],
  width: 16,
  length: 8,
  norm: 'layer',
  prenorm: true,
  dropout: 0,
  tiedDropout: false,
} as const;
const classifier: ClassifierConfig = {
  ...body,
  ...{ blocks: [block, block], classes: 2, positions: false, pool: 'last', head: { kind: 'linear' } },
  input: { kind: 'real', dims: 1 },
};
const sizes = { train: 64, validation: 16, test: 16 };

/** Every kind of data with the smallest plan for it. */
const kinds: Record<UnseededPlan['task'], () => Promise<{ data: AnyDataset; plan: UnseededPlan }>> = {
  classification: async () => ({
    data: await openListOps({
      bounds: { minLength: 4, maxLength: 30, maxDepth: 4, maxArguments: 4 },
      sizes,
      workers: 1,
    }),
    plan: {
      ...{ ...method, metric: 'accuracy', task: 'classification' },
      network: { ...classifier, pool: 'mean', input: { kind: 'tokens', vocabulary: 3 } },
    },
  }),
  tokens: async () => ({
    data: openAssociativeRecall({ vocabulary: 10, length: 12, sizes }),
    plan: {
      ...{ ...method, metric: 'accuracy', task: 'tokens' },
      network: { ...body, blocks: [...body.blocks], vocabulary: 4, positions: false },
    },
  }),
  series: async () => ({
    data: await openBoldSim({ regions: 8, sources: 2, sizes: { train: 32, validation: 8, test: 8 }, workers: 1 }),
    plan: {
      ...{ ...method, metric: 'MAE', task: 'series' },
      network: { ...body, blocks: [...body.blocks], dims: 1, timeStamps: 1 },
    },
  }),
  functions: async () => ({
    data: openIclRegression({ points: 4, dims: 2, sizes }),
    plan: { ...method, metric: 'MSE', task: 'functions', network: classifier },
  }),
};

for (const [kind, make] of Object.entries(kinds))
  test(`${kind}: the network fits itself to the data, learns, stops, and goes on to the same end`, async () => {
    const { data, plan: given } = await make();
    const plan = { ...fitted(given, data), seed: 5 };
    assert.ok((await estimateLearner(plan, plan.batch, data.length)).trainingBytes > 0);
    const run = (name: string, change: Partial<LoopOptions> = {}) =>
      trainLoop(device, data, plan, {
        ...{ folder: join(folder, kind, name), configHash: 'hash', config: {}, report: { warn: () => {} } },
        ...change,
      });
    const losses: number[] = [];
    const whole = await run('whole', { report: { stepped: ({ loss }) => losses.push(loss) } });
    assert.equal(whole.outcome, 'finished');
    const mean = (from: number, to: number) => losses.slice(from, to).reduce((a, b) => a + b, 0) / (to - from);
    assert.ok(mean(STEPS - 10, STEPS) < 0.97 * mean(0, 10), `${mean(0, 10)} to ${mean(STEPS - 10, STEPS)}`);
    const { test: tested, validation } = whole;
    assert.ok(tested && validation && tested.count > 0);
    if (plan.metric !== 'accuracy') assert.equal(tested.value, tested.loss);
    else assert.ok(Number.isInteger(Math.round(1e6 * tested.value * tested.count) / 1e6));
    await run('parts', { stopAfter: 23 });
    const rest = await run('parts');
    assert.deepEqual([rest.test, rest.validation, rest.bestStep], [tested, validation, whole.bestStep]);
    const last = (name: string) =>
      new CheckpointFolder(join(folder, kind, name, 'checkpoints'), null, () => {}).load(STEPS)?.tensors;
    assert.deepEqual(last('parts'), last('whole'));
  });

test('data of another kind than the network takes are refused by name', async () => {
  const { data } = await kinds.tokens();
  const { plan } = await kinds.classification();
  assert.throws(
    () => fitted(plan, data),
    /associative-recall is data for tokens, and the network is for classification/,
  );
});
