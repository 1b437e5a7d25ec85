/** Whole networks step by step and in chunks: the same logits as on the whole sequence, in memory that does not grow. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Device } from '../../kernels/device/device.ts';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { buildClassifier, type ClassifierConfig } from './classifier.ts';
import { generate, greedy } from './generate.ts';
import { buildLanguageModel, type LanguageModelConfig } from './language-model.ts';
import { Running } from './running.ts';

const reference = await openDevice('reference');
const cpu = await openDevice('cpu');
const [B, L] = [2, 23];

const base: ClassifierConfig = {
  blocks: [
    { mixer: 's4d', config: { states: 4 } },
    { mixer: 'mlp', config: { ratio: 2 } },
    { mixer: 's4', config: { states: 4, channels: 2 } },
  ],
  width: 6,
  length: L,
  input: { kind: 'tokens', vocabulary: 7 },
  classes: 3,
  norm: 'layer',
  prenorm: true,
  dropout: 0.1,
  tiedDropout: true,
  positions: false,
  pool: 'mean',
  head: { kind: 'linear' },
};
const variants: [string, Partial<ClassifierConfig>][] = [
  ['pre-norm', {}],
  ['post-norm, batch norm, last step', { prenorm: false, norm: 'batch', pool: 'last' }],
  ['real input, positions', { input: { kind: 'real', dims: 3 }, positions: true }],
  ['pairs of documents', { head: { kind: 'retrieval', hidden: 5 } }],
  ['no block with a memory', { blocks: [{ mixer: 'mlp', config: {} }] }],
];

const cuttings = [Array(L).fill(1), [1, 3, 5, 2, 9, 3], [L]];

/** Random sequences, and tensors of their steps [at, at + M). */
function sequences(config: ClassifierConfig, name: string) {
  const stream = new Stream(5, name);
  const { input } = config;
  const dims = input.kind === 'real' ? input.dims : 1;
  const data = Array.from({ length: B * L * dims }, () =>
    input.kind === 'real' ? stream.normals(1)[0] : stream.integer(7),
  );
  return (t: Tape, at: number, M: number) => {
    const rows = [0, 1].flatMap((b) => data.slice((b * L + at) * dims, (b * L + at + M) * dims));
    return input.kind === 'real' ? t.tensor(rows, [B, M, dims]) : t.tensor(rows, [B, M], 'i32');
  };
}

for (const [name, changes] of variants)
  test(`a classifier in pieces: ${name}`, async () => {
    const config = { ...base, ...changes };
    const model = await buildClassifier(reference, config, new Streams(2));
    const x = sequences(config, name);
    for (const cuts of cuttings) {
      using running = await Running.open(model, B);
      for (const M of cuts) {
        const { position } = running;
        const got = await running.advance((t) => x(t, position, M)).read();
        using t = new Tape(reference, { grad: false });
        // The logits are those of the sequence so far.
        const want = await model.logits(t, { x: x(t, 0, position + M), lengths: null }).read();
        const error = relativeError(got, want);
        assert.ok(error < 1e-10, `after ${position + M} steps, cut ${cuts.slice(0, 4)}: off by ${error}`);
      }
      assert.equal(running.position, L);
    }
    model.store.dispose();
  });

const language: LanguageModelConfig = {
  blocks: base.blocks,
  width: 8,
  length: 40,
  vocabulary: 11,
  norm: 'layer',
  prenorm: true,
  dropout: 0,
  tiedDropout: false,
  positions: false,
};

for (const device of [reference, cpu])
  test(`a language model token by token on ${device.info.id}`, async () => {
    const model = await buildLanguageModel(device, language, new Streams(8));
    const prompts = [
      [1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10],
    ];
    const made = await generate(model, prompts, 30);
    // The same by running the network on the whole sequence so far, every time; and the logits along the way.
    using running = await Running.open(model, 2);
    for (let i = 0; i < 30; i++) {
      using t = new Tape(device, { grad: false });
      const rows = prompts.map((p, b) => [...p, ...made[b].slice(0, i)]);
      const n = rows[0].length;
      const all = await model.logits(t, t.tensor(rows.flat(), [2, n], 'i32')).read();
      const fresh = rows.map((row) => row.slice(running.position));
      const y = await running.advance((t) => t.tensor(fresh.flat(), [2, fresh[0].length], 'i32')).read();
      for (const b of [0, 1]) {
        const want = all.subarray((b * n + n - 1) * 11, (b + 1) * n * 11);
        const got = y.subarray((y.length / 2) * (b + 1) - 11, (y.length / 2) * (b + 1));
        assert.ok(relativeError(got, want) < (device === cpu ? 1e-5 : 1e-10));
        assert.equal(greedy(want, b), made[b][i]);
      }
    }
    assert.ok(new Set(made.flat()).size > 1, 'the text should not be one token');
    await assert.rejects(generate(model, [[]], 1), /at least one token/);
    model.store.dispose();
  });

/** Largest memory while a classifier reads `length` steps in chunks of 64, beyond what the model itself takes. */
async function peak(device: Device, length: number): Promise<number> {
  const model = await buildClassifier(device, { ...base, width: 16, length: 64 }, new Streams(2));
  using running = await Running.open(model, 1);
  const before = device.memory.live;
  device.memory.resetPeak();
  for (let at = 0; at < length; at += 64)
    running.advance((t) =>
      t.tensor(
        Array.from({ length: 64 }, (_, i) => (at + i) % 7),
        [1, 64],
        'i32',
      ),
    );
  const most = device.memory.peak - before;
  model.store.dispose();
  return most;
}

test('the memory of an input read in chunks does not depend on its length', async () => {
  await peak(cpu, 128); // the kernels' own memory is kept
  const few = await peak(cpu, 256);
  assert.equal(await peak(cpu, 64 * 200), few);
});

test('five thousand single steps pool as one', async () => {
  const model = await buildClassifier(
    cpu,
    { ...base, blocks: [{ mixer: 'mlp' }], width: 4, classes: 2 },
    new Streams(1),
  );
  const [running, whole] = [await Running.open(model, 1), await Running.open(model, 1)];
  const n = 5000;
  const tokens = Array.from({ length: n }, (_, i) => (i * i) % 7);
  for (const token of tokens) running.advance((t) => t.tensor([token], [1, 1], 'i32'));
  const one = await running.advance((t) => t.tensor([3], [1, 1], 'i32')).read();
  const all = await whole.advance((t) => t.tensor([...tokens, 3], [1, n + 1], 'i32')).read();
  assert.ok(relativeError(one, all) < 1e-6);
  for (const r of [running, whole]) r.close();
  model.store.dispose();
});

test('a network without a recurrent form says why', async () => {
  const blocks = [
    { mixer: 's4d', config: {} },
    { mixer: 'attention', config: { heads: 2, causal: true } },
  ];
  const model = await buildClassifier(reference, { ...base, blocks }, new Streams(1));
  await assert.rejects(Running.open(model, 1), /block 1 \(attention\) has no recurrent form/);
  model.store.dispose();
});

test('a network extended to longer inputs gives on them what its recurrent form gives', async () => {
  const model = await buildClassifier(reference, base, new Streams(4));
  const tokens = Array.from({ length: 100 }, (_, i) => (i * i) % 7);
  using t = new Tape(reference, { grad: false });
  const x = t.tensor(tokens, [1, 100], 'i32');
  using running = await Running.open(model, 1);
  const y = await running.advance(() => x).read();
  assert.throws(() => model.logits(t, { x, lengths: null }), /longer than the model's 23/);
  await model.extend(100);
  assert.ok(relativeError(await model.logits(t, { x, lengths: null }).read(), y) < 1e-10);
  model.store.dispose();
  const fixed = await buildClassifier(reference, { ...base, positions: true }, new Streams(4));
  await assert.rejects(fixed.extend(100), /table of positions/);
  fixed.store.dispose();
});
