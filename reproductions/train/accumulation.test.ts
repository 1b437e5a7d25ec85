/** A batch in parts is the batch: gradients, steps and evaluations weigh what counts, however it is spread over parts. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Device } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { type AnyDataset, IGNORED, type TokenDataset } from '../data/dataset.ts';
import { openBoldSim } from '../data/fmri/bold-sim.ts';
import { openAssociativeRecall } from '../data/synthetics/associative-recall.ts';
import { fitted, type Method, type UnseededPlan } from './plan.ts';
import { Session } from './session.ts';

let folder = '';
let device: Device;
const previous = process.env.LONGCONV_CACHE;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-accumulation-'));
  process.env.LONGCONV_CACHE = folder;
  device = await openDevice('cpu');
});
after(async () => {
  await device.close();
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const BATCH = 16;
const method: Omit<Method, 'metric'> = {
  ...{ batch: BATCH, accumulation: 1, lr: 0.003, weightDecay: 0.01, betas: [0.9, 0.999], clip: 1 },
  schedule: { kind: 'constant', warmup: 0, total: 8, warmupFrom: 'one', minFactor: 0 },
  ...{ steps: 8, evaluateEvery: 8, evaluationBatch: BATCH },
};
const body = {
  blocks: [{ mixer: 's4d', config: { states: 4 } }],
  width: 16,
  length: 14,
  norm: 'layer',
  prenorm: true,
  dropout: 0,
  tiedDropout: false,
} as const;

/** Of sample s the first s mod 5 of every 5 targets count: some samples have none. */
const kept = (sample: number, step: number): boolean => step % 5 < sample % 5;

function masked(data: TokenDataset): TokenDataset {
  const { task, id, kind, description, length, sizes, checksum, vocabulary } = data;
  return {
    ...{ task, id, kind, description, length, sizes, checksum, vocabulary },
    batch(split, indices, epoch) {
      const batch = data.batch(split, indices, epoch);
      const targets = batch.targets.map((target, i) =>
        kept(indices[Math.floor(i / batch.L)], i % batch.L) ? target : IGNORED,
      );
      return { ...batch, targets };
    },
  };
}

const sizes = { train: 64, validation: 24, test: 24 };
const kinds: Record<string, () => Promise<{ data: AnyDataset; plan: UnseededPlan }>> = {
  'tokens of which unequal shares count': async () => ({
    data: masked(openAssociativeRecall({ vocabulary: 10, length: 12, sizes })),
    plan: {
      ...{ ...method, metric: 'accuracy', task: 'tokens' },
      network: { ...body, blocks: [...body.blocks], vocabulary: 10, positions: false },
    },
  }),
  series: async () => ({
    data: await openBoldSim({ regions: 8, sources: 2, sizes: { train: 32, validation: 8, test: 8 }, workers: 1 }),
    plan: {
      ...{ ...method, metric: 'MAE', task: 'series' },
      network: { ...body, blocks: [...body.blocks], dims: 1, timeStamps: 1 },
    },
  }),
};

/** Relative to the largest of both. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let apart = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    apart = Math.max(apart, Math.abs(a[i] - b[i]));
    largest = Math.max(largest, Math.abs(a[i]), Math.abs(b[i]));
  }
  return largest ? apart / largest : 0;
}

/** AdamW's first moment after one step is a tenth of the gradient; then the losses of further steps. */
async function trained(data: AnyDataset, plan: UnseededPlan, accumulation: number) {
  const session = await Session.open(device, data, { ...fitted(plan, data), accumulation, seed: 3 });
  try {
    const losses = [(await session.train()).loss];
    const { tensors } = await session.save('hash');
    const gradients = [...tensors].filter(([name]) => name.startsWith('adamw.m/'));
    while (session.step < plan.steps) losses.push((await session.train()).loss);
    return { losses, gradients };
  } finally {
    session.close();
  }
}

for (const [name, make] of Object.entries(kinds))
  test(`${name}: parts give the gradients and the steps of the whole batch`, async () => {
    const { data, plan } = await make();
    const whole = await trained(data, plan, 1);
    const all = (gradients: typeof whole.gradients) => gradients.flatMap(([, { data: values }]) => [...values]);
    assert.ok(all(whole.gradients).some((value) => Math.abs(value) > 1e-4));
    assert.equal(whole.losses.length, plan.steps);
    // In parts of one sample some have nothing to predict.
    for (const parts of [4, BATCH]) {
      const { gradients, losses } = await trained(data, plan, parts);
      assert.ok(difference(all(gradients), all(whole.gradients)) < 1e-5);
      assert.ok(difference(losses, whole.losses) < 1e-4, `${losses} and ${whole.losses}`);
    }
  });

test('the parts of that batch have unequal counts, or the tests above show nothing', async () => {
  const { data } = await kinds['tokens of which unequal shares count']();
  if (data.task !== 'tokens') return assert.fail();
  for (const parts of [4, BATCH]) {
    const counts: number[] = Array.from({ length: parts }, (_, part) => {
      const indices = Array.from({ length: BATCH / parts }, (_, i) => (part * BATCH) / parts + i);
      return data.batch('train', indices).targets.filter((target) => target !== IGNORED).length;
    });
    assert.ok(Math.max(...counts) > 1.2 * Math.min(...counts), String(counts));
    assert.equal(Math.min(...counts) === 0, parts === BATCH);
  }
});

for (const [name, make] of Object.entries(kinds))
  test(`${name}: an evaluation is the same for batches of any size`, async () => {
    const { data, plan } = await make();
    const measured = [];
    for (const evaluationBatch of [BATCH, 5, 1]) {
      const session = await Session.open(device, data, { ...fitted(plan, data), evaluationBatch, seed: 3 });
      const { loss, value, count } = await session.evaluate('validation');
      measured.push({ loss, value, count });
      session.close();
    }
    const [first, ...others] = measured;
    for (const { loss, value, count } of others) {
      assert.equal(count, first.count);
      assert.ok(difference([loss, value], [first.loss, first.value]) < 1e-5);
    }
  });

test('a batch in which nothing is to be predicted is refused by name', async () => {
  const { data, plan } = await kinds['tokens of which unequal shares count']();
  if (data.task !== 'tokens') return assert.fail();
  const nothing: TokenDataset = {
    ...data,
    batch(split, indices) {
      const batch = data.batch(split, indices);
      return { ...batch, targets: batch.targets.map(() => IGNORED) };
    },
  };
  const session = await Session.open(device, nothing, { ...fitted(plan, nothing), seed: 3 });
  await assert.rejects(session.train(), /associative-recall: the batch of step 1 has nothing to predict/);
  session.close();
});
