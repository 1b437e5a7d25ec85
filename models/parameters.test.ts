/** What models start from: names, counts by formula, distributions, and the same numbers every time. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../kernels/device/registry.ts';
import { type SgconvAttrs, sgconvKernel } from '../kernels/ops/sgconv-kernel/op.ts';
import { Streams } from '../kernels/tensor/random.ts';
import { Tape } from '../kernels/tensor/tape.ts';
import { allCases } from './all-cases.ts';
import { loadMixer, mixerConfig, mixerIds } from './mixer.ts';
import sgconv from './mixers/sgconv.ts';
import { buildClassifier, type ClassifierConfig, countParameters } from './networks/classifier.ts';
import { ParameterStore } from './parameters.ts';

const device = await openDevice('reference');
const H = 32;
const L = 64;

test('every mixer counts its parameters by formula and states the laws of its initial values', () => {
  for (const [id, { parameters, laws }] of allCases) assert.ok(parameters.length > 0 && laws.length > 0, id);
});

/** One mixer on its own. */
async function build(id: string, config: object = {}, width = H, length = L, seed = 1) {
  const definition = await loadMixer(id);
  const store = new ParameterStore(device);
  const size = { width, length, layers: 1, dropout: 0, tiedDropout: false };
  definition.build(store.at('m'), size, mixerConfig(definition, config), new Streams(seed));
  return store;
}

const formulas = allCases.flatMap(([id, { parameters }]) => parameters.map(([config, want]) => ({ id, config, want })));
for (const { id, config, want } of formulas)
  test(`${id} ${JSON.stringify(config)} has ${want} parameters`, async () => {
    const store = await build(id, config);
    assert.equal(store.count, want);
    store.dispose();
  });

const base: ClassifierConfig = {
  blocks: [{ mixer: 's4d' }, { mixer: 'mlp', config: { ratio: 2 } }],
  width: H,
  length: L,
  input: { kind: 'tokens', vocabulary: 11 },
  classes: 5,
  norm: 'layer',
  prenorm: true,
  dropout: 0,
  tiedDropout: false,
  positions: true,
  pool: 'mean',
  head: { kind: 'linear' },
};

test('a classifier counts its encoder, positions, norms and head; the dry run agrees with the model', async () => {
  const s4d = 2 * H * H + 4 * H + 192 * H;
  const mlp = 4 * H * H + 3 * H;
  const want = 11 * H + L * H + s4d + mlp + 3 * 2 * H + 5 * H + 5;
  assert.equal(await countParameters(base), want);
  assert.equal(
    await countParameters({ ...base, prenorm: false, positions: false, head: { kind: 'retrieval', hidden: 7 } }),
    11 * H + s4d + mlp + 2 * 2 * H + 7 * 4 * H + 7 + 5 * 7 + 5,
  );
  const model = await buildClassifier(device, base, new Streams(1));
  assert.equal(model.store.count, want);
  model.store.dispose();
});

/** Mean and standard deviation of a parameter, and its range. */
async function statistics(store: ParameterStore, name: string) {
  const x = Array.from(await store.get(`m.${name}`).read());
  const mean = x.reduce((s, v) => s + v, 0) / x.length;
  const deviation = Math.sqrt(x.reduce((s, v) => s + (v - mean) ** 2, 0) / x.length);
  const low = x.reduce((a, b) => Math.min(a, b));
  const high = x.reduce((a, b) => Math.max(a, b));
  return { mean, deviation, low, high, n: x.length };
}

const laws = allCases.flatMap(([id, cases]) => cases.laws.map(([config, list]) => ({ id, config, list })));
for (const { id, config, list } of laws)
  test(`initial values of ${id} ${JSON.stringify(config)}`, async () => {
    const store = await build(id, config, 256, 256);
    for (const [name, mean, deviation, low, high] of list) {
      const s = await statistics(store, name);
      // Five standard errors.
      const error = (5 * deviation) / Math.sqrt(s.n);
      assert.ok(Math.abs(s.mean - mean) < error, `${name}: mean ${s.mean}, expected ${mean} +- ${error}`);
      assert.ok(
        Math.abs(s.deviation - deviation) < error,
        `${name}: deviation ${s.deviation}, expected ${deviation} +- ${error}`,
      );
      if (low !== undefined && high !== undefined)
        assert.ok(
          s.low >= low - 1e-12 && s.high <= high + 1e-12,
          `${name} runs from ${s.low} to ${s.high}, not ${low} to ${high}`,
        );
    }
    store.dispose();
  });

test('the geometric start of Long Conv decays as its formula says', async () => {
  const [width, length] = [64, 128];
  const store = await build('long-conv', { init: 'geometric', channels: 40 }, width, length);
  const K = await store.get('m.kernel.kernel').read();
  for (const [h, j] of [
    [0, 0],
    [0, 127],
    [31, 64],
    [63, 0],
    [63, 127],
  ]) {
    let power = 0;
    for (let c = 0; c < 40; c++)
      for (let near = -2; near <= 2; near++) {
        const at = Math.min(length - 1, Math.max(0, j + near));
        const envelope = 0.02 * Math.exp(-(at / length) * 32 ** (h / width));
        power += (K[(c * width + h) * length + at] / envelope) ** 2 / 200;
      }
    assert.ok(Math.abs(power - 1) < 0.6, `channel ${h}, tap ${j}: ${power} times the expected power`);
  }
  store.dispose();
});

test('S4D starts from its published modes', async () => {
  const frequencies = async (init: string) => {
    const store = await build('s4d', { states: 8, init, copies: 1 });
    const a = Array.from(await store.get('m.layer.kernel.A_imag').read());
    const decay = Array.from(await store.get('m.layer.kernel.A_real').read(), Math.exp);
    store.dispose();
    return { a, decay };
  };
  const near = (got: number[], want: number[]) =>
    assert.ok(
      want.every((w, i) => Math.abs(got[i] - w) < 1e-12 * Math.max(1, w)),
      `${got} against ${want}`,
    );
  const lin = await frequencies('lin');
  near(lin.a, [1e-4, Math.PI, 2 * Math.PI, 3 * Math.PI]);
  near(lin.decay, [0.5, 0.5, 0.5, 0.5]);
  near(
    (await frequencies('inv')).a,
    [7, 5 / 3, 0.6, 1 / 7].map((x) => (8 / Math.PI) * x),
  );
  near(
    (await frequencies('quad')).a,
    [1, 9, 25, 49].map((x) => x / Math.PI),
  );
  near((await frequencies('real')).decay, [1, 2, 3, 4]);
});

test("SGConv's kernel has norm 1 before it is cut, and the norm is a buffer", async () => {
  for (const config of [
    { kernelDim: 4 },
    { kernelDim: 4, mode: 'sum', octaves: 1 },
    { kernelDim: 5, mode: 'learnable', bidirectional: true },
  ]) {
    const store = await build('sgconv', config, 6, 40);
    assert.ok(store.buffers.some(([name]) => name === 'm.kernel_norm'));
    const full = { ...sgconv.defaults, ...config, length: 4096 } as SgconvAttrs;
    const t = new Tape(device, { grad: false });
    const decay = store.has('m.decay') ? store.get('m.decay') : null;
    const k = sgconvKernel(t, store.get('m.kernel_list'), store.get('m.kernel_norm'), decay, full);
    const values = Array.from(await k.read());
    for (let row = 0; row < k.size / 4096; row++) {
      const power = values.slice(row * 4096, (row + 1) * 4096).reduce((s, x) => s + x * x, 0);
      assert.ok(Math.abs(power - 1) < 1e-12, `row ${row} has norm^2 ${power}`);
    }
    t.close();
    store.dispose();
  }
});

test('a seed gives the same model, another seed another one', async () => {
  for (const id of mixerIds()) {
    const heads = id.endsWith('attention') ? { heads: 2 } : {};
    const [a, b, c] = await Promise.all([build(id, heads), build(id, heads), build(id, heads, H, L, 2)]);
    const [x, y, z] = [await a.read(), await b.read(), await c.read()];
    for (const [name, values] of x) assert.deepEqual(values, y.get(name), name);
    assert.ok([...x].some(([name, values]) => values.some((v, i) => v !== z.get(name)?.[i])));
    for (const s of [a, b, c]) s.dispose();
  }
});

test('two training passes give the same bits on the CPU, dropout included', async () => {
  const cpu = await openDevice('cpu');
  const pass = async () => {
    const config = {
      ...base,
      blocks: [{ mixer: 'long-conv' }, { mixer: 'sgconv' }, ...base.blocks],
      dropout: 0.2,
      tiedDropout: true,
    };
    const streams = new Streams(3);
    const model = await buildClassifier(cpu, config, streams);
    const t = new Tape(cpu, { streams });
    const x = t.tensor(
      Int32Array.from({ length: 3 * L }, (_, i) => (i * 7) % 11),
      [3, L],
      'i32',
    );
    const { loss } = model.loss(t, { x, lengths: null, targets: t.tensor([0, 1, 2], [3], 'i32') });
    t.backward(loss);
    const out = [await loss.read()];
    for (const p of model.store.parameters) if (p.tensor.grad) out.push(await p.tensor.grad.read());
    t.close();
    model.store.dispose();
    return out;
  };
  assert.deepEqual(await pass(), await pass());
});

test('an unknown mixer, an unknown option and sizes that do not fit are named', async () => {
  const broken = (change: Partial<ClassifierConfig>) => buildClassifier(device, { ...base, ...change }, new Streams(0));
  await assert.rejects(broken({ blocks: [{ mixer: 'nothing' }] }), /no mixer "nothing"/);
  await assert.rejects(broken({ blocks: [{ mixer: 's4d', config: { state: 3 } }] }), /no option state/);
  await assert.rejects(broken({ blocks: [{ mixer: 's4d', config: { states: 7 } }] }), /even number/);
  await assert.rejects(broken({ blocks: [{ mixer: 's4d', config: { copies: 5 } }] }), /divisor of the width/);
  await assert.rejects(broken({ blocks: [{ mixer: 'attention', config: { heads: 5 } }] }), /not a multiple of 5 heads/);
  await assert.rejects(broken({ blocks: [] }), /at least one block/);
  await assert.rejects(broken({ width: 0 }), /a network: width must be a whole number of at least 1, not 0/);
  await assert.rejects(broken({ length: Number.NaN }), /a network: length must be a whole number .*, not NaN/);
  await assert.rejects(broken({ dropout: 1 }), /a network: dropout must be a number in \[0, 1\), not 1/);
  await assert.rejects(broken({ epsilon: -1 }), /a network: epsilon must be a positive number, not -1/);
  await assert.rejects(broken({ classes: 0.5 }), /a classifier: classes must be a whole number/);
  await assert.rejects(broken({ input: { kind: 'real', dims: -1 } }), /input: dims must be a whole number/);
  await assert.rejects(broken({ head: { kind: 'retrieval', hidden: 0 } }), /head: hidden must be a whole number/);
});
