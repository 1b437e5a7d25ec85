import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRows } from '../../results/published/published.ts';
import { loadClaim, scales, type TrainingClaim } from '../claim.ts';
import { UsageError } from '../errors.ts';
import { estimateLearner } from '../train/learner.ts';
import type { UnseededPlan } from '../train/plan.ts';

const ids = [
  ...['sgconv-lra', 'longconv-lra', 'longconv-scifar', 'butterfly-scifar', 'longconv-cifar2d', 's4-headline'],
  ...['sgconv-decay', 'longconv-regularisation', 'sgconv-speechcommands', 'flashbutterfly-path256-accuracy'],
];

async function training(id: string): Promise<TrainingClaim> {
  const claim = await loadClaim(id);
  assert.equal(claim.kind, 'training');
  return claim as TrainingClaim;
}

/** The plan; null where the claim says that it has none. */
function planned(claim: TrainingClaim, model: string, task: string, scale: (typeof scales)[number]) {
  try {
    return claim.plan(model, task, scale);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    assert.match(error.message, /no (published )?configuration|is a test of the model/);
    return null;
  }
}

const length = (plan: UnseededPlan) => plan.network.length;

for (const id of ids)
  test(`${id}: every plan builds, and what is run by default has one`, async () => {
    const claim = await training(id);
    assert.equal(claim.id, id);
    const { defaults, models, tasks, published } = claim;
    for (const { published: model } of Object.values(models))
      if (model !== null) assert.ok(findRows(published, { model }).length > 0, `${published} has no row of ${model}`);
    assert.ok(models[claim.subject].published !== null);
    for (const scale of scales) {
      for (const task of defaults[scale].tasks)
        for (const model of defaults[scale].models) assert.ok(planned(claim, model, task, scale), `${model} ${task}`);
      for (const task of Object.keys(tasks))
        for (const model of Object.keys(models)) {
          const plan = planned(claim, model, task, scale);
          if (!plan) continue;
          const what = `${model} on ${task} at ${scale} scale`;
          assert.equal(plan.task, 'classification', what);
          assert.equal(plan.steps, plan.schedule.total, what);
          // The Transformer of LRA Retrieval was published with more steps of warm-up than of training.
          const { kind, warmup } = plan.schedule;
          assert.ok(warmup < plan.steps || (scale === 'paper' && kind === 'invsqrt'), what);
          assert.ok(
            plan.evaluateEvery <= plan.steps && (scale === 'paper' || plan.steps % plan.evaluateEvery === 0),
            what,
          );
          const { parameters, trainingBytes } = await estimateLearner(plan, 1, length(plan));
          assert.ok(parameters > 100 && trainingBytes > 0, what);
        }
    }
  });

test('paper scale is what was published', async () => {
  const of = async (id: string, model: string, task: string) => (await training(id)).plan(model, task, 'paper');
  const cifar = await of('longconv-scifar', 'long-conv', 'scifar');
  assert.deepEqual(
    [cifar.steps, cifar.schedule.warmup, cifar.batch, cifar.lr, cifar.weightDecay, cifar.network.width],
    [300_000, 1000, 50, 0.01, 0.05, 512],
  );
  const s4nd = await of('longconv-cifar2d', 's4nd', 'cifar2d');
  const { parameters } = await estimateLearner(s4nd, 1, 1024);
  assert.ok(Math.abs(parameters / 268_000 - 1) < 0.03, `S4ND-ISO has 268k parameters, not ${parameters}`);
  const speech = await of('sgconv-speechcommands', 's4', 'sc35');
  const s4 = await estimateLearner(speech, 1, 16000);
  assert.ok(Math.abs(s4.parameters / 307_000 - 1) < 0.03, `S4 has 307k parameters, not ${s4.parameters}`);
  const decay = await of('sgconv-decay', 'sgconv', 't0.5');
  assert.deepEqual(decay.task === 'classification' && decay.network.blocks[0].config, {
    ...{ bidirectional: true, kernelDim: 8, decayMin: 0.5, decayMax: 0.5, lr: 0.001 },
    ...{ mode: 'learnable', fixedDecay: true },
  });
  const plain = await of('longconv-regularisation', 'random-smooth', 'image');
  const own = plain.task === 'classification' ? (plain.network.blocks[0].config as Record<string, unknown>) : {};
  assert.deepEqual([own.lambda, own.window, own.init], [0, 7, 'random']);
});

/** Plans of a scale, by model and task, of what is run there. */
async function plansOf(id: string, scale: (typeof scales)[number]) {
  const { defaults, plan } = await training(id);
  const { tasks, models } = defaults[scale];
  return new Map(
    tasks.flatMap((task) => models.map((model) => [`${task} ${model}`, plan(model, task, scale)] as const)),
  );
}

test('the claims on one table train the same models: a run of one is a run of the other', async () => {
  const known = await plansOf('longconv-lra', 'desk');
  assert.equal(known.size, 25);
  for (const [name, plan] of await plansOf('sgconv-lra', 'desk')) assert.deepEqual(plan, known.get(name), name);
  const scifar = await plansOf('longconv-scifar', 'desk');
  for (const id of ['s4-headline', 'butterfly-scifar'])
    for (const [name, plan] of await plansOf(id, 'desk'))
      if (scifar.has(name)) assert.deepEqual(plan, scifar.get(name), `${id} ${name}`);
});

test('at desk scale the models of a task have one budget, and variants the rate of what they are variants of', async () => {
  const same = ({ steps, batch, evaluateEvery, schedule, network }: UnseededPlan) =>
    JSON.stringify({ steps, batch, evaluateEvery, schedule, width: network.width });
  for (const id of ids) {
    const { defaults, plan } = await training(id);
    for (const task of defaults.desk.tasks) {
      const budgets = defaults.desk.models.map((model) => same(plan(model, task, 'desk')));
      assert.equal(new Set(budgets).size, 1, `${id} ${task}`);
    }
  }
  const lra = await training('longconv-lra');
  const at = (model: string) => lra.plan(model, 'image', 'desk').lr;
  const rates = async (id: string) => [...(await plansOf(id, 'desk')).values()].map(({ lr }) => lr);
  assert.deepEqual(new Set(await rates('longconv-regularisation')), new Set([at('long-conv')]));
  assert.deepEqual(new Set(await rates('butterfly-scifar')), new Set([at('long-conv')]));
  assert.deepEqual(await rates('s4-headline'), [at('s4'), at('transformer')]);
  const decay = await training('sgconv-decay');
  for (const [task, lraTask] of [
    ['t0', 'text'],
    ['image-t2', 'image'],
  ])
    assert.equal(decay.plan('sgconv', task, 'desk').lr, lra.plan('sgconv', lraTask, 'desk').lr);
});

test('a trial of a search at the rate of a run is that run, if shorter', async () => {
  const claims = await Promise.all(ids.map(training));
  const searched = claims.filter(({ search }) => search);
  assert.deepEqual(
    searched.map(({ id }) => id),
    ['sgconv-lra', 'longconv-lra', 'longconv-cifar2d', 'sgconv-speechcommands'],
  );
  for (const { id, search, defaults, plan } of searched)
    for (const task of search?.tasks ?? [])
      for (const model of defaults.desk.models) {
        const own = plan(model, task, 'desk');
        assert.deepEqual(search?.plan(model, task, own.lr), own, `${id} ${task} ${model}`);
        assert.ok((search?.share ?? 1) * own.steps >= own.evaluateEvery, 'a trial is looked at more than at its end');
      }
});

test('kernels keep their published rate at desk scale', async () => {
  for (const id of ids)
    for (const [name, { network }] of await plansOf(id, 'desk')) {
      const [model, task] = [name.split(' ')[1], name.split(' ')[0]];
      const paper = (await training(id)).plan(model, task, 'paper').network;
      const lr = ({ blocks }: { blocks: { config?: { lr?: unknown } }[] }) => blocks[0].config?.lr;
      assert.deepEqual(lr(network as never), lr(paper as never), `${id} ${name}`);
    }
});

test('published rows are found by the names of tasks and models', async () => {
  const value = async (id: string, task: string, model: string) => {
    const { published, tasks, models } = await training(id);
    return findRows(published, { task: tasks[task], model: models[model].published as string })[0]?.value;
  };
  assert.equal(await value('sgconv-speechcommands', 'sc35-8k', 'sgconv'), 94.29);
  assert.equal(await value('sgconv-speechcommands', 'sc10', 's4'), 98.32);
  assert.equal(await value('sgconv-speechcommands', 'sc10-mfcc', 'transformer'), 90.75);
  assert.equal(await value('longconv-scifar', 'scifar', 'long-conv-geometric'), 92.1);
  assert.equal(await value('longconv-cifar2d', 'cifar2d', 's4nd'), 89.9);
  assert.equal(await value('butterfly-scifar', 'scifar', 'butterfly-256'), 92.5);
  assert.equal(await value('sgconv-decay', 't0', 'sgconv'), 67.67);
  assert.equal(await value('sgconv-decay', 't2', 'sgconv'), 88.9);
  assert.equal(await value('longconv-regularisation', 'text', 'random-squash'), 87.1);
  assert.equal(await value('s4-headline', 'scifar', 's4'), 91);
  assert.equal(await value('flashbutterfly-path256-accuracy', 'path256', 'long-conv'), 92.2);
});

test('a test at half the sampling rate is refused as a task', async () => {
  const claim = await training('sgconv-speechcommands');
  for (const words of ['sc10', 'sc35'])
    assert.throws(
      () => claim.plan('sgconv', `${words}-8k`, 'smoke'),
      new RegExp(`test of the model that was trained on ${words}: run that task`),
    );
});
