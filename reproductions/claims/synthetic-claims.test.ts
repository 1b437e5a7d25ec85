import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { syntheticMixers } from '../../models/configurations/synthetic-languages.ts';
import type { LanguageModelConfig } from '../../models/networks/language-model.ts';
import { findRows } from '../../results/published/published.ts';
import { type Scale, scales } from '../claim.ts';
import { estimateLearner } from '../train/learner.ts';
import { fitted } from '../train/plan.ts';
import h3 from './h3-synthetics.ts';
import hyena from './hyena-recall.ts';

const options = { data: 'auto' };
/** Opening reads a million tokens for the checksum: of the long ones the two ends are enough. */
const opened = (task: string) => !/-l\d+$/.test(task) || /^v[13]0-l(128|1024|131072)$/.test(task);

for (const claim of [h3, hyena])
  for (const scale of scales)
    test(`${claim.id}: every model on every task at ${scale} scale builds and takes its data`, async () => {
      for (const task of Object.keys(claim.tasks)) {
        const data = opened(task) ? await claim.openData(task, scale, options) : null;
        for (const model of Object.keys(claim.models)) {
          const plan = claim.plan(model, task, scale);
          assert.equal(plan.task, 'tokens');
          assert.ok(plan.schedule.warmup < plan.steps && plan.steps === plan.schedule.total, `${task} ${model}`);
          assert.equal(plan.steps % plan.evaluateEvery, 0, `${task} ${model}: the last evaluation is an odd one`);
          assert.ok(plan.untilPerfect, `${task} ${model}`);
          if (!data) continue;
          const own = fitted(plan, data);
          assert.ok(own.network.length >= data.length);
          const { parameters, trainingBytes } = await estimateLearner(own, 1, data.length);
          assert.ok(parameters > 1000 && trainingBytes > 0, `${task} ${model}`);
        }
      }
    });

test('published rows are found by the names of tasks and models', () => {
  const value = (claim: typeof h3, task: string, model: string) =>
    findRows(claim.published, { task: claim.tasks[task], model: claim.models[model].published as string })[0]?.value;
  assert.equal(value(h3, 'recall-v10', 's4d'), 86);
  assert.equal(value(h3, 'induction', 'gss'), 6.8);
  assert.equal(value(h3, 'recall-longer', 'h3'), 98.4);
  assert.equal(value(hyena, 'v30-l2048', 'h3'), 13);
  assert.equal(value(hyena, 'v30-l131072', 'hyena'), 97.2);
  assert.equal(value(hyena, 'v30-l65536', 'rwkv'), 6.5);
  assert.equal(value(hyena, 'v30-l32768', 'transformer'), null, 'it did not fit into memory');
});

test('H3 on recall is trained as safari says: 200 epochs of 157 steps, linear, an embedding that drops a tenth', () => {
  const plan = h3.plan('h3', 'recall-v10', 'paper');
  assert.equal(plan.task, 'tokens');
  assert.deepEqual(
    [plan.steps, plan.schedule.kind, plan.schedule.warmup, plan.lr, plan.weightDecay, plan.clip],
    [31_400, 'linear', 3140, 0.0005, 0.1, null],
  );
  assert.deepEqual([plan.network.width, plan.network.length], [32, 22]);
  assert.equal(h3.plan('h3', 'induction', 'paper').schedule.minFactor, 0.1);
  assert.equal(hyena.plan('hyena', 'v10-l1024', 'paper').steps, 12_600);
});

test('desk runs of hyena-recall differ in length alone, or in a large vocabulary, and are of other lengths than the published ones', () => {
  const { tasks } = hyena.defaults.desk;
  assert.deepEqual(new Set(tasks.map((task) => task.split('-')[0])), new Set(['v10', 'v20', 'v30']));
  for (const task of tasks) {
    const [vocabulary, length] = task.split('-').map((word) => Number(word.slice(1)));
    const first = hyena.plan('h3', vocabulary === 10 ? 'v10-l128' : 'v20-l128', 'desk');
    assert.ok(first.task === 'tokens');
    const network: LanguageModelConfig = { ...first.network, vocabulary, length: length + 2 };
    assert.deepEqual(hyena.plan('h3', task, 'desk'), { ...first, network }, task);
    const rows = findRows(hyena.published, { task: hyena.tasks[task], model: 'Hyena' });
    assert.equal(rows.length, 0, `${task} has a published row: its length is not another one`);
  }
});

test('training counts every token of recall, evaluation the answer alone; the longer test is longer', async () => {
  const data = await h3.openData('recall-longer', 'smoke' satisfies Scale, options);
  assert.equal(data.task, 'tokens');
  if (data.task !== 'tokens') return;
  const counted = (split: 'train' | 'validation' | 'test') => {
    const { targets, L } = data.batch(split, [0]);
    return [targets.filter((t) => t >= 0).length, L];
  };
  assert.deepEqual(counted('train'), [22, 22]);
  assert.deepEqual(counted('validation'), [1, 22]);
  assert.deepEqual(counted('test'), [1, 42]);
});

test('what is not published says so, and data cannot be given', async () => {
  for (const { source, reconstructed } of Object.values(syntheticMixers))
    assert.ok(source !== 'none' || reconstructed.length > 0);
  for (const claim of [h3, hyena]) {
    const [task] = Object.keys(claim.tasks);
    await assert.rejects(claim.openData(task, 'smoke', { data: 'real' }), /made here by its recipe/);
    assert.throws(() => claim.plan(claim.subject, 'nothing', 'smoke'), /has no task nothing/);
  }
});

test('repro h3-synthetics trains and ends in its row, length beyond training included', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longconv-synthetics-'));
  try {
    const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
    const run = process.versions.bun ? [cli] : ['run', '-A', '--no-check', cli];
    const args = ['h3-synthetics', '--task', 'recall-longer', '--models', 'h3,attention', '--steps', '10'];
    const env = {
      ...process.env,
      LONGCONV_RESULTS: folder,
      LONGCONV_COMMITTED: folder,
      LONGCONV_CACHE: join(folder, 'cache'),
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [...run, ...args], { env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /trained at 20, tested at 40 │ H3 +│ accuracy, % │ ~98\.4 \(second hand\)/);
    assert.match(stdout, /trained at 20, tested at 40 │ Attention/);
    assert.match(stderr, /length 20 in training and 40 in test/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
