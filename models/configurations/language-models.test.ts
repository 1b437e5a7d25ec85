/** The published language models: sizes against the papers' and against formulas written out here; their start. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { buildLanguageModel, estimateLanguageModel } from '../networks/language-model.ts';
import { type LanguageModelRow, languageModelNetwork, languageModelRow, languageModels } from './language-models.ts';

/** Parameters of a mixer of width w for L steps, dense maps with their biases. */
const mixers: Record<string, (w: number, L: number) => number> = {
  'flash-attention': (w) => 4 * (w * w + w),
  // Skip terms; shift B and C; diagonal C, B and A of 32 complex modes, log dt.
  h3: (w) => 4 * (w * w + w) + 2 * w + 2 * 64 * w + 3 * 64 * w + w,
  'h3-long-conv': (w, L) => 4 * (w * w + w) + 2 * w + 2 * L * w,
  // Three projections and one back; taps and bias of the short filter; skip; features; network of sines.
  hyena: (w, L) => 4 * (w * w + w) + 3 * w * 4 + w + 33 * L + (33 * 64 + 64) + 2 * (64 * 64 + 64) + 64 + 64 * w,
};

function byFormula(row: LanguageModelRow): number {
  const { layers, width: w, inner, vocabulary, length: L, positions, attention } = row;
  const attends = attention?.layers.length ?? 0;
  const own = (layers - attends) * mixers[row.mixer.mixer](w, L) + attends * mixers['flash-attention'](w, L);
  const rest = layers * (2 * w * inner + inner + w + 4 * w) + 2 * w;
  return own + rest + vocabulary * w + (positions ? L * w : 0);
}

for (const row of languageModels)
  test(`${row.id} has the published size, or says why not`, async () => {
    const { parameters } = await estimateLanguageModel(languageModelNetwork(row));
    assert.equal(parameters, byFormula(row));
    const off = Math.abs(parameters / (row.published * 1e6) - 1);
    // A printed size is rounded or cut off: half a percent.
    assert.equal(row.difference !== undefined, off > 0.005, `${parameters} beside ${row.published}M`);
    assert.ok(row.source.length > 10 && row.reconstructed.every((field) => field in row));
  });

test('ids are unique, and an unknown one is refused by name', () => {
  assert.equal(new Set(languageModels.map((r) => r.id)).size, languageModels.length);
  assert.throws(() => languageModelRow('gpt-5'), /no language model "gpt-5": choose one of transformer-125m/);
});

test('a hybrid attends in its two layers only, and knows no positions', () => {
  const { blocks, positions } = languageModelNetwork(languageModelRow('h3-hybrid-125m'));
  const at = blocks.flatMap((b, i) => (b.mixer === 'attention' ? [i / 2] : []));
  assert.deepEqual(at, [1, 8]);
  assert.deepEqual(blocks[2].config, { causal: true, heads: 12, attentionDropout: 0.1 });
  const all = languageModelNetwork(languageModelRow('transformer-125m')).blocks;
  assert.deepEqual(all[0], { mixer: 'flash-attention', config: { causal: true, heads: 12 } });
  assert.equal(blocks.filter((b) => b.mixer === 'h3').length, 10);
  assert.equal(positions, false);
});

/** A published row, made small. */
const tiny = (id: string) => {
  const row = { ...languageModelRow(id), layers: 9, width: 48, inner: 96, vocabulary: 40 };
  return languageModelNetwork(row, 20);
};

test('every published model runs on the CPU, made small, and its loss at the start is that of guessing', async () => {
  const device = await openDevice('cpu');
  for (const { id } of languageModels) {
    const model = await buildLanguageModel(device, tiny(id), new Streams(1));
    const { loss, gradient } = await once(model, device);
    assert.ok(Math.abs(loss - Math.log(40)) < 0.1, `${id}: ${loss}`);
    assert.ok(gradient > 0 && Number.isFinite(gradient), id);
    model.store.dispose();
  }
});

async function once(model: Awaited<ReturnType<typeof buildLanguageModel>>, device: typeof model.store.device) {
  using t = new Tape(device);
  const ids = (step: number) =>
    t.tensor(
      Int32Array.from({ length: 40 }, (_, i) => (i * step) % 40),
      [2, 20],
      'i32',
    );
  const { loss } = model.loss(t, { x: ids(7), targets: ids(11) });
  const value = await loss.item();
  t.backward(loss);
  const gradients = await Promise.all(model.store.parameters.map(async (p) => (await p.tensor.grad?.read()) ?? []));
  model.store.zeroGrad();
  return { loss: value, gradient: Math.hypot(...gradients.map((g) => Math.hypot(...g))) };
}

test("GPT-2's start: dense maps, scaled maps onto the residual stream, zero biases, the rest untouched", async () => {
  const device = await openDevice('reference');
  const model = await buildLanguageModel(device, { ...tiny('hyena-153m'), vocabulary: 400 }, new Streams(5));
  const deviation = async (name: string) => {
    const x = Array.from(await model.store.get(name).read());
    return Math.sqrt(x.reduce((s, v) => s + v * v, 0) / x.length);
  };
  const near = (got: number, want: number, n: number) => assert.ok(Math.abs(got / want - 1) < 5 / Math.sqrt(2 * n));
  near(await deviation('encoder.weight'), 0.02, 400 * 48);
  near(await deviation('mixers.0.in_proj.weight'), 0.02, 3 * 48 * 48);
  near(await deviation('mixers.2.filter_fn.implicit_filter.2.weight'), 0.02, 64 * 64);
  near(await deviation('mixers.0.out_proj.weight'), 0.02 / Math.sqrt(18), 48 * 48);
  near(await deviation('mixers.1.fc2.weight'), 0.02 / Math.sqrt(18), 96 * 48);
  near(await deviation('mixers.0.filter_fn.bias'), 1, 48);
  assert.equal(await deviation('mixers.0.in_proj.bias'), 0);
  assert.equal(await deviation('mixers.0.filter_fn.implicit_filter.0.bias'), 0);
  assert.equal(await deviation('mixers.0.filter_fn.implicit_filter.1.freq'), 14);
  assert.ok((await deviation('mixers.0.short_filter.bias')) > 0.1);
  model.store.dispose();
});
