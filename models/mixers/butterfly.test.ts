/** The learned butterfly where its values are known: exact matrices are Long Conv; dropped and unused ones. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { loadMixer, type Mixer, mixerConfig } from '../mixer.ts';
import { ParameterStore } from '../parameters.ts';

const device = await openDevice('reference');
const H = 6;

async function build(id: string, length: number, config: object): Promise<{ store: ParameterStore; mixer: Mixer }> {
  const definition = await loadMixer(id);
  const store = new ParameterStore(device);
  const size = { width: H, length, layers: 1, dropout: 0, tiedDropout: false };
  const all = mixerConfig(definition, { lambda: 0.0005, kernelDropout: 0, init: 'geometric', ...config });
  return { store, mixer: definition.build(store.at('m'), size, all, new Streams(1)) };
}

async function run(mixer: Mixer, L: number, training = false): Promise<ArrayLike<number>> {
  using t = new Tape(device, { grad: false, training, streams: new Streams(7) });
  const x = t.tensor(new Streams(5).get('data').normals(2 * L * H, 1), [2, L, H]);
  return mixer.forward(t, x, {}).read();
}

for (const L of [1, 2, 7, 13, 40])
  for (const config of [{}, { bidirectional: true, channels: 2 }, { taps: 3 }])
    for (const blocks of [{}, { largest: 2, perHead: true }, { largest: 128 }])
      test(`with its first matrices it is Long Conv: ${L} steps, ${JSON.stringify({ ...config, ...blocks })}`, async () => {
        const a = await build('butterfly', L, { ...config, ...blocks });
        const b = await build('long-conv', L, config);
        for (const { name, tensor } of b.store.parameters) tensor.write(await a.store.get(name).read());
        const error = relativeError(await run(a.mixer, L), await run(b.mixer, L));
        assert.ok(error < 1e-12, `off by ${error}`);
        for (const { store } of [a, b]) store.dispose();
      });

test('dropped entries change a training pass only', async () => {
  const dropping = await build('butterfly', 20, { largest: 4, blockDropout: 0.2 });
  const whole = await build('butterfly', 20, { largest: 4 });
  assert.deepEqual(await run(dropping.mixer, 20), await run(whole.mixer, 20));
  assert.ok(relativeError(await run(dropping.mixer, 20, true), await run(whole.mixer, 20, true)) > 1e-3);
  for (const { store } of [dropping, whole]) store.dispose();
});

test('every matrix has a gradient, zero when no level uses it; one moved matrix lets outputs see the future', async () => {
  const { store, mixer } = await build('butterfly', 16, { largest: 8 });
  const t = new Tape(device);
  const ones = t.tensor(new Float64Array(32 * H).fill(1), [2, 16, H]);
  t.backward(mixer.forward(t, ones, {}));
  const used = new Map<string, boolean>();
  for (const { name, tensor } of store.parameters)
    if (name.includes('mat_'))
      used.set(
        name,
        ((await tensor.grad?.read()) ?? []).some((x: number) => x !== 0),
      );
  t.close();
  // N = 32 = 8 x 4.
  for (const set of ['u', 'k'])
    assert.deepEqual(
      [2, 4, 8].map((n) => used.get(`m.block_fft_${set}.mat_${n}`)),
      [false, true, true],
    );
  const first = async () => {
    using e = new Tape(device, { grad: false });
    const x = new Float64Array(16 * H);
    const before = await mixer.forward(e, e.tensor(x, [1, 16, H]), {}).read();
    const after = await mixer.forward(e, e.tensor(x.fill(1, 15 * H), [1, 16, H]), {}).read();
    return Math.max(...Array.from({ length: H }, (_, i) => Math.abs(after[i] - before[i])));
  };
  assert.ok((await first()) < 1e-12);
  const M = store.get('m.block_fft_u.mat_8');
  M.write((await M.read()).map((x, i) => x + 0.05 * ((i % 5) - 2)));
  assert.ok((await first()) > 1e-6);
  store.dispose();
});

test('sizes that are no powers of two are refused', async () => {
  await assert.rejects(build('butterfly', 8, { largest: 12 }), /largest must be a power of two/);
  await assert.rejects(build('butterfly', 8, { blockDropout: 1 }), /blockDropout must be a number in \[0, 1\)/);
});
