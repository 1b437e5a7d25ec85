/** The claims about language models and brain recordings: their plans and published rows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { languageModelRow } from '../../models/configurations/language-models.ts';
import { buildLanguageModel } from '../../models/networks/language-model.ts';
import { loadPublished } from '../../results/published/published.ts';
import { bitsPerByte } from '../beside.ts';
import { loadClaim, type Scale, scales, type TrainingClaim } from '../claim.ts';
import type { AnyDataset, SeriesDataset, TokenDataset } from '../data/dataset.ts';
import { unseenFuture } from '../data/language/unseen-future.ts';
import { deskTokens, deskTraining, languagePlan, smaller } from '../language.ts';
import { publishedFor } from '../results.ts';
import { estimateLearner } from '../train/learner.ts';
import { fitted, type UnseededPlan } from '../train/plan.ts';

/** Tasks that models are trained on: not those that they are only tested on. */
const trainedOn = (claim: TrainingClaim): string[] =>
  Object.keys(claim.tasks).filter((task) => task !== 'unseen-future');

const ofText = [
  ...['longconv-pile', 'hyena-pile', 'h3-pile', 'longconv-openwebtext'],
  ...['hyena-wikitext103', 'h3-wikitext103', 'sgconv-wikitext103', 'butterfly-wikitext103'],
];
const ids = [...ofText, 'longconv-fmri'];
const load = async (id: string): Promise<TrainingClaim> => {
  const claim = await loadClaim(id);
  assert.ok(claim.kind === 'training');
  return claim;
};

/** What the openers would give for this plan, without their files. */
function dataFor(plan: UnseededPlan): AnyDataset {
  const sizes = { train: 1, validation: 1, test: 1 };
  const base = { id: 'test', kind: 'real', description: 'test', sizes, checksum: 'test' } as const;
  const batch = () => assert.fail('no batch is asked for');
  const { length } = plan.network;
  if (plan.task === 'series')
    return { ...base, task: 'series', length, regions: 64, stamps: 1501, batch } satisfies SeriesDataset;
  return { ...base, task: 'tokens', length, vocabulary: 50_257, batch } satisfies TokenDataset;
}

for (const id of ids)
  test(`${id}: every model on every task and scale builds and takes its data`, async () => {
    const claim = await load(id);
    assert.equal(claim.id, id);
    assert.ok(claim.subject in claim.models);
    const counted = new Map<string, number>();
    for (const scale of scales) {
      const { tasks, models } = claim.defaults[scale];
      assert.ok(tasks.every((task) => task in claim.tasks) && models.every((model) => model in claim.models));
      for (const task of trainedOn(claim))
        for (const model of Object.keys(claim.models)) {
          const plan = claim.plan(model, task, scale);
          assert.equal(plan.steps % plan.evaluateEvery, 0, `${task} ${model}: the last evaluation is an odd one`);
          assert.ok(plan.schedule.warmup >= 1 && plan.schedule.warmup < plan.schedule.total);
          assert.ok(plan.schedule.total <= plan.steps && Number.isInteger(plan.steps));
          assert.equal(plan.metric, id === 'longconv-fmri' ? 'MAE' : 'perplexity');
          const own = fitted(plan, dataFor(plan));
          const key = `${scale} ${model} ${own.network.length}`;
          if (counted.has(key)) continue;
          const { parameters, trainingBytes } = await estimateLearner(own, 1, own.network.length);
          assert.ok(trainingBytes > 0);
          counted.set(key, parameters);
          if (scale === 'paper' && ofText.includes(id)) assert.ok(parameters > 80e6, `${model} has ${parameters}`);
          if (scale === 'desk' && ofText.includes(id))
            assert.ok(parameters > 3e6 && parameters < 4.5e6, `${model} has ${parameters}`);
          if (scale === 'smoke') assert.ok(parameters < 2e6, `${model} has ${parameters}`);
        }
    }
  });

for (const id of ids)
  test(`${id}: what is named has a published row, on every task`, async () => {
    const claim = await load(id);
    for (const [model, { published, title }] of Object.entries(claim.models))
      for (const task of trainedOn(claim)) {
        const row = publishedFor(claim, task, model);
        assert.equal(row?.model ?? null, published, `${title} on ${task}`);
      }
    assert.equal(loadPublished(claim.published).metric.higherIsBetter, false);
  });

test('published numbers are those of the sizes that are trained', async () => {
  const value = async (id: string, task: string, model: string) => publishedFor(await load(id), task, model)?.value;
  assert.equal(await value('h3-pile', 'pile', 'transformer'), 9.4);
  assert.equal(await value('h3-pile', 'pile', 'h3-hybrid'), 8.8);
  assert.equal(await value('hyena-pile', '5b', 'hyena'), 13.3);
  assert.equal(await value('hyena-pile', '15b', 'transformer'), 11.2);
  assert.equal(await value('longconv-pile', '15b', 'h3-long-conv'), 10.3);
  assert.equal(await value('longconv-openwebtext', 'openwebtext', 'h3-hybrid'), 19.6);
  assert.equal(await value('h3-wikitext103', 'wikitext', 'h3-hybrid'), 18.5);
  assert.equal(await value('sgconv-wikitext103', 'wikitext', 'sgconv-hybrid'), null);
  assert.equal(await value('longconv-fmri', 'upstream', 'h3'), 0.7);
});

test('a budget of 5 billion tokens is 10,000 steps of 256 windows, and the cosine ends with it', async () => {
  const plan = (await load('longconv-pile')).plan('h3-hybrid', '5b', 'paper');
  assert.ok(Math.abs((plan.steps * plan.batch * plan.network.length) / 5e9 - 1) < 0.05);
  assert.deepEqual(plan.schedule, {
    ...{ kind: 'cosine', warmup: 100, total: 10_000, minFactor: 0.1 },
    ...{ warmupFrom: 1e-6 / 0.0006, cosineFrom: 'start' },
  });
  assert.deepEqual([plan.lr, plan.weightDecay, plan.decayed, plan.clip], [0.0006, 0.1, 'maps', 1]);
  assert.equal(plan.network.blocks[0].mixer, 'h3');
  assert.equal((plan.network.blocks[0].config as { lr: number }).lr, 0.0006, 'not above the rate of the run');
  const long = (await load('h3-pile')).plan('h3-hybrid', 'pile', 'paper');
  assert.deepEqual([long.steps, long.schedule.total, long.schedule.warmup], [800_000, 600_000, 8000]);
});

test('models made smaller keep their proportions, and those that are compared see as many tokens', () => {
  const small = { layers: 4, width: 128 };
  const hyena = smaller(languageModelRow('hyena-153m'), small);
  assert.deepEqual([hyena.layers, hyena.inner, hyena.attention], [6, 256, null]);
  const hybrid = smaller(languageModelRow('h3-hybrid-125m'), small);
  assert.deepEqual(hybrid.attention, { layers: [1, 3], heads: 4 });
  assert.equal(smaller(languageModelRow('transformer-125m'), small).attention?.layers.length, 4);
  const { steps, batch, length } = deskTraining(deskTokens);
  assert.ok(Math.abs((steps * batch * length) / deskTokens - 1) < 0.01);
});

test('at desk scale the same model on the same text is the same plan, whichever claim runs it', async () => {
  const plan = async (id: string, task: string, model: string) => (await load(id)).plan(model, task, 'desk');
  const pile = await load('longconv-pile');
  for (const [id, task, models] of [
    ['h3-pile', 'pile', ['h3-hybrid', 'transformer']],
    ['hyena-pile', '5b', ['transformer']],
    ['longconv-openwebtext', 'openwebtext', ['h3-hybrid', 'transformer']],
  ] as const)
    for (const model of models)
      assert.deepEqual(await plan(id, task, model), pile.plan(model, '5b', 'desk'), `${model} of ${id}`);
  const random = await plan('longconv-openwebtext', 'openwebtext', 'h3-long-conv-random');
  assert.deepEqual(random, pile.plan('h3-long-conv', '5b', 'desk'));
  const transformer = await plan('butterfly-wikitext103', 'wikitext', 'transformer');
  for (const id of ['hyena-wikitext103', 'h3-wikitext103', 'sgconv-wikitext103'])
    assert.deepEqual(await plan(id, 'wikitext', 'transformer'), transformer, id);
});

test('the rates of desk runs are among those that every model was tried at', async () => {
  for (const id of ids) {
    const claim = await load(id);
    const { search } = claim;
    assert.ok(search);
    const [task] = search.tasks;
    for (const model of Object.keys(claim.models)) {
      const { lr } = claim.plan(model, task, 'desk');
      assert.ok(search.rates.includes(lr), `${id} runs ${model} at ${lr}`);
      const own = search.plan(model, task, lr);
      assert.deepEqual(own, claim.plan(model, task, 'desk'), `the search of ${id} runs ${model} otherwise`);
    }
  }
});

test('the 30 % fewer parameters of long convolutions in the place of MLPs', async () => {
  const claim = await load('butterfly-wikitext103');
  const size = async (model: string) => {
    const plan = claim.plan(model, 'wikitext', 'paper');
    return (await estimateLearner(plan, 0, plan.network.length)).parameters;
  };
  const whole = await size('transformer');
  for (const model of ['long-conv', 'butterfly', 'transformer-thin'])
    assert.ok(Math.abs((await size(model)) / whole - 0.68) < 0.02, model);
});

test('learned butterflies look ahead: refused as a language model unless that is said, and found out by an unseen future', async () => {
  const tiny = { layers: 1, width: 8, inner: 8, heads: 1 };
  const row = {
    ...languageModelRow('transformer-125m'),
    ...tiny,
    attention: { layers: [0], heads: 1 },
    embedDropout: 0,
  };
  const training = { ...deskTraining(1e6), length: 16, small: { layers: 12, width: 8 } };
  const device = await openDevice('reference');
  const text: TokenDataset = {
    ...{ task: 'tokens', id: 't', kind: 'stand-in:t', description: 't', checksum: 'c', length: 16, vocabulary: 50 },
    sizes: { train: 0, validation: 0, test: 4 },
    batch(_, indices) {
      const token = (n: number, t: number) => (7 * indices[n] + 3 * t * t + t) % 50;
      const all = (ahead: number) =>
        Int32Array.from({ length: 16 * indices.length }, (_, i) => token(i >> 4, (i & 15) + ahead));
      return { x: all(0), targets: all(1), B: indices.length, L: 16 };
    },
  };
  const indices = Array.from({ length: 32 }, (_, n) => n);
  const changed = unseenFuture(text, 8).batch('test', indices);
  const whole = text.batch(
    'test',
    indices.map((n) => n >> 3),
  );
  /** Between the losses of the same steps, their future true and not; every parameter is moved off its start. */
  const gap = async (mixer: string) => {
    const plan = languagePlan({ title: 'm', published: null, row, feedForward: { mixer, config: {} } }, training);
    assert.ok(plan.task === 'tokens');
    if (plan.task !== 'tokens') return Number.NaN;
    const network = { ...plan.network, vocabulary: 50 };
    if (mixer === 'butterfly') {
      const { seesFuture: _, ...blind } = network;
      await assert.rejects(buildLanguageModel(device, blind, new Streams(0)), /needs causal blocks/);
    }
    const model = await buildLanguageModel(device, network, new Streams(0));
    const stream = new Streams(1).get('noise');
    for (const { tensor } of model.store.parameters) {
      const noise = stream.normals(tensor.size, 0.1);
      tensor.write(Float64Array.from(await tensor.read(), (value, i) => value + noise[i]));
    }
    const loss = async (x: Int32Array) => {
      using t = new Tape(device, { grad: false });
      const batch = { x: t.tensor(x, [32, 16], 'i32'), targets: t.tensor(changed.targets, [32, 16], 'i32') };
      return model.loss(t, batch).loss.item();
    };
    return Math.abs((await loss(whole.x)) - (await loss(changed.x)));
  };
  assert.ok((await gap('long-conv')) < 1e-9);
  assert.ok((await gap('butterfly')) > 1e-4);
  await device.close();
});

test('an unknown task or model is refused by name', async () => {
  const claim = await load('longconv-pile');
  assert.throws(() => claim.plan('h3', '5b', 'desk'), /there is no model h3: choose one of h3-long-conv/);
  assert.throws(() => claim.plan('h3-hybrid', '7b', 'desk' satisfies Scale), /there is no budget 7b/);
  const fmri = await load('longconv-fmri');
  await assert.rejects(fmri.openData('upstream', 'smoke', { data: 'pile' }), /pile is no data for upstream/);
});

test('bits per byte: two bits for a token of four bytes is half a bit', () => {
  assert.equal(bitsPerByte(2 * Math.LN2, 4), 0.5);
});
