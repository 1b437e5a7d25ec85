/** S4's own targets, Mega's ablation, kinds of attention, and SGConv against S4: their plans, their numbers, and one run of each kind. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { publishedSizes } from '../../models/configurations/published-sizes.ts';
import { findRow, findRows } from '../../results/published/published.ts';
import { loadClaim, scales, type TrainingClaim } from '../claim.ts';
import { UsageError } from '../errors.ts';
import { publishedFor } from '../results.ts';
import { estimateLearner } from '../train/learner.ts';

const ids = ['s4-lra', 'mega-ssm-ablation', 'flashattention-lra-accuracy', 'pathx-attention', 'sgconv-headline'];
const claims = new Map(await Promise.all(ids.map(async (id) => [id, (await loadClaim(id)) as TrainingClaim] as const)));
const of = (id: string) => claims.get(id) as TrainingClaim;

for (const [id, claim] of claims)
  test(`${id}: every model has a plan that builds for every task at every scale`, async () => {
    assert.equal(claim.id, id);
    for (const { published: model } of Object.values(claim.models))
      if (model !== null) assert.ok(findRows(claim.published, { model }).length > 0, `no row of ${model}`);
    assert.ok(claim.models[claim.subject].published !== null);
    for (const { one, other } of claim.comparisons ?? [])
      for (const { task, model } of [one, other]) assert.ok(task in claim.tasks && model in claim.models, model);
    for (const scale of scales) {
      const { tasks, models } = claim.defaults[scale];
      assert.ok(tasks.length && tasks.every((task) => task in claim.tasks));
      assert.ok(models.length && models.every((model) => model in claim.models));
      for (const task of Object.keys(claim.tasks))
        for (const model of Object.keys(claim.models)) {
          const plan = claim.plan(model, task, scale);
          const what = `${model} on ${task} at ${scale} scale`;
          assert.equal(plan.schedule.total, plan.steps, what);
          const { warmup, kind } = plan.schedule;
          assert.ok(warmup < plan.steps || (scale === 'paper' && kind === 'invsqrt'), what);
          assert.ok(
            plan.evaluateEvery <= plan.steps && (scale === 'paper' || plan.steps % plan.evaluateEvery === 0),
            what,
          );
          const { parameters, trainingBytes } = await estimateLearner(plan, 1, plan.network.length);
          assert.ok(parameters > 100 && trainingBytes > 0, what);
        }
    }
    assert.throws(() => claim.plan('nobody', Object.keys(claim.tasks)[0], 'smoke'), UsageError);
    assert.throws(() => claim.plan(claim.subject, 'nothing', 'smoke'), UsageError);
  });

test('published rows stand beside their models', () => {
  const value = (id: string, task: string, model: string) => publishedFor(of(id), task, model)?.value;
  assert.equal(value('s4-lra', 'pathx', 's4-v4'), 96);
  assert.equal(value('s4-lra', 'listops', 'transformer'), undefined);
  assert.equal(value('mega-ssm-ablation', 'image', 'mega-ema-large'), 82.56);
  assert.equal(value('mega-ssm-ablation', 'image', 's4-small'), 84.76);
  assert.equal(value('flashattention-lra-accuracy', 'retrieval', 'performer'), 82.2);
  assert.equal(value('flashattention-lra-accuracy', 'image', 'attention'), 42.3);
  assert.equal(value('pathx-attention', 'pathx', 'flash-attention'), 61.4);
  assert.equal(value('pathx-attention', 'path256', 'block-sparse-attention'), 63.1);
  assert.equal(value('pathx-attention', 'path256', 'flash-attention'), null);
  assert.equal(
    findRow('short-depthwise-conv-speed', 'FlashDepthwiseConv1d over torch depthwise conv1d', 'B16 L8192 D768 K5')
      .value,
    6.36,
  );
});

test('paper scale is what was published', async () => {
  const ablation = of('mega-ssm-ablation');
  const plan = ablation.plan('mega-s4-large', 'image', 'paper');
  assert.deepEqual(
    [plan.steps, plan.schedule.warmup, plan.batch, plan.lr, plan.weightDecay],
    [180_000, 9000, 50, 0.01, 0.02],
  );
  const sizes = publishedSizes.filter(({ claim }) => claim === 'mega-ssm-ablation');
  assert.deepEqual(
    sizes.map(({ model }) => model).sort(),
    Object.values(ablation.models)
      .map(({ title }) => title)
      .sort(),
  );
  const attention = of('flashattention-lra-accuracy').plan('flash-attention', 'listops', 'paper');
  assert.deepEqual(
    [attention.schedule.kind, attention.schedule.warmup, attention.steps, attention.lr, attention.network.width],
    ['linear', 1000, 5000, 0.0001, 64],
  );
});

test('S4 and SGConv are set side by side from the runs of sgconv-lra, with its plans', async () => {
  const tables = (await loadClaim('sgconv-lra')) as TrainingClaim;
  for (const id of ['sgconv-headline', 's4-lra'])
    for (const scale of scales)
      assert.deepEqual(of(id).plan('s4', 'image', scale), tables.plan('s4', 'image', scale), `${id} at ${scale} scale`);
  assert.notDeepEqual(of('s4-lra').plan('s4-v4', 'image', 'paper'), tables.plan('s4', 'image', 'paper'));
  assert.equal(of('sgconv-headline').comparisons?.filter(({ one }) => one.model === 'sgconv').length, 5);
});

/** `repro` with results in a folder of its own; data that were made here before are used again. */
function repro(folder: string, args: string[]) {
  const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
  const run = process.versions.bun ? [cli] : ['run', '-A', '--no-check', cli];
  const env = { ...process.env, LONGCONV_RESULTS: folder, LONGCONV_COMMITTED: folder };
  return spawnSync(process.execPath, [...run, ...args], { env, encoding: 'utf8' });
}

async function inFolder(work: (folder: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'longconv-further-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('moving averages and S4D, alone and in Mega, on images at smoke scale, shortened, to their rows', () =>
  inFolder((folder) => {
    const { status, stdout, stderr } = repro(folder, [
      'mega-ssm-ablation',
      '--models',
      'ema-small,mega-s4d-small',
      '--data',
      'img-texture10',
      '--steps',
      '3',
    ]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /LRA Image validation │ \(small\) EMA +│ accuracy, % │ +69\.96 │/);
    assert.match(stdout, /LRA Image validation │ \(small\) Mega-S4D +│ accuracy, % │ +81\.46 │/);
    assert.equal(repro(folder, ['verify', 'mega-ssm-ablation']).status, 0);
  }));

test('kinds of attention on images at smoke scale, shortened, to their rows', () =>
  inFolder((folder) => {
    const models = ['--models', 'flash-attention,performer,reformer'];
    const data = ['--data', 'img-texture10', '--steps', '2'];
    const { status, stdout, stderr } = repro(folder, ['flashattention-lra-accuracy', ...models, ...data]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /Image │ FlashAttention +│ accuracy, % │ +43\.5 │/);
    assert.match(stdout, /Image │ Reformer +│ accuracy, % │ +39\.6 │/);
  }));

test('S4 on ListOps at smoke scale, shortened, to its row', () =>
  inFolder((folder) => {
    const { status, stdout, stderr } = repro(folder, ['s4-lra', '--task', 'listops', '--steps', '3']);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /ListOps │ S4, present files +│ accuracy, % │ +59\.5 │/);
  }));
