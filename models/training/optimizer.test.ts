import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import { ParameterStore } from '../parameters.ts';
import { AdamW, type AdamWOptions } from './optimizer.ts';

const device = await openDevice('cpu');
const shapes: Record<string, number[]> = { a: [3, 5], b: [7], c: [2] };

function makeStore(): ParameterStore {
  const store = new ParameterStore(device);
  const stream = new Stream(1, 'parameters');
  store.add('a', stream.normals(15), shapes.a);
  store.add('b', stream.normals(7), shapes.b, { lr: 0.5, weightDecay: 0 });
  store.add('c', stream.normals(2), shapes.c, { lr: 0.5, weightDecay: 0 });
  return store;
}

function setGradients(store: ParameterStore, step: number, skip = ''): void {
  store.zeroGrad();
  for (const { name, tensor } of store.parameters)
    if (name !== skip) tensor.grad = Tensor.from(device, new Stream(step, name).normals(tensor.size), tensor.shape);
}

async function values(store: ParameterStore): Promise<Map<string, number[]>> {
  return new Map([...(await store.read())].map(([name, x]) => [name, [...x]]));
}

test('hints make groups', () => {
  const store = makeStore();
  const optimizer = new AdamW(store, { lr: 0.1, weightDecay: 0.02 });
  assert.deepEqual(optimizer.groups, [
    { lr: 0.1, weightDecay: 0.02, parameters: ['a'] },
    { lr: 0.5, weightDecay: 0, parameters: ['b', 'c'] },
  ]);
  optimizer.dispose();
  store.dispose();
});

test('biases, norms and embeddings do not decay when maps alone are to', () => {
  const store = new ParameterStore(device);
  const names = ['encoder.weight', 'norms.3.weight', 'mixers.0.fc1.weight', 'mixers.0.fc1.bias', 'norm.weight', 'D'];
  for (const name of names) store.add(name, [1, 2], [2], name === 'encoder.weight' ? { embedding: true } : {});
  store.add('kernel', [1, 2], [2], { weightDecay: 0.5 });
  const optimizer = new AdamW(store, { lr: 0.1, weightDecay: 0.02, decayed: 'maps' });
  assert.deepEqual(
    optimizer.groups.map(({ weightDecay, parameters }) => [weightDecay, ...parameters]),
    [
      [0, 'encoder.weight', 'norms.3.weight', 'mixers.0.fc1.bias', 'norm.weight'],
      [0.02, 'mixers.0.fc1.weight', 'D'],
      [0.5, 'kernel'],
    ],
  );
  optimizer.dispose();
  store.dispose();
});

test('a restored optimiser takes the same steps, bit for bit', async () => {
  const options: Partial<AdamWOptions> = { lr: 0.1, clipNorm: 2 };
  const store = makeStore();
  const optimizer = new AdamW(store, options);
  for (let s = 0; s < 3; s++) {
    setGradients(store, s);
    optimizer.step(0.5);
  }
  const other = makeStore();
  for (const [name, x] of await store.read()) other.get(name).write(x);
  const resumed = new AdamW(other, options);
  resumed.restore(await optimizer.read());
  for (let s = 3; s < 6; s++) {
    for (const x of [store, other]) setGradients(x, s);
    optimizer.step();
    resumed.step();
    assert.deepEqual(await values(other), await values(store));
  }
  assert.equal((await resumed.read()).get('a')?.step, 6);
  for (const x of [optimizer, resumed, store, other]) x.dispose();
});

test('a parameter without a gradient is left alone and its step not counted', async () => {
  const store = makeStore();
  const optimizer = new AdamW(store);
  const before = await values(store);
  setGradients(store, 1, 'b');
  optimizer.step();
  const after = await values(store);
  assert.deepEqual(after.get('b'), before.get('b'));
  assert.notDeepEqual(after.get('a'), before.get('a'));
  assert.deepEqual(
    [...(await optimizer.read())].map(([, m]) => m.step),
    [1, 0, 1],
  );
  optimizer.dispose();
  store.dispose();
});

test('the gradient norm is that of all parameters, with and without clipping; nothing stays in memory', async () => {
  const start = device.memory.live;
  for (const clipNorm of [null, 0.5]) {
    const store = makeStore();
    const optimizer = new AdamW(store, { clipNorm });
    setGradients(store, 4);
    optimizer.step();
    const all = await Promise.all(store.parameters.map((p) => p.tensor.grad?.read()));
    const want = Math.hypot(...all.flatMap((g) => [...(g ?? [])]));
    const got = await optimizer.gradientNorm();
    assert.ok(Math.abs(got - want) < 1e-6 * want, `${got}, want ${want}`);
    optimizer.dispose();
    store.dispose();
  }
  assert.ok(device.memory.live - start <= 65536, 'only kernel scratch may stay');
});

test('bad options and foreign states are refused with a sentence', async () => {
  const store = makeStore();
  assert.throws(() => new AdamW(store, { clipNorm: 0 }), /must be positive/);
  const optimizer = new AdamW(store);
  const state = await optimizer.read();
  state.delete('b');
  assert.throws(() => optimizer.restore(state), /no moments of the parameter b/);
  optimizer.dispose();
  store.dispose();
});
