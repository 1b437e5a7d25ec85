/** The tape: gradients against finite differences, and memory that is held exactly as long as it is needed. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Device } from '../device/device.ts';
import { openDevice } from '../device/registry.ts';
import { add, mul } from '../ops/binary/op.ts';
import { layerNorm } from '../ops/layer-norm/op.ts';
import { permute } from '../ops/permute/op.ts';
import { sum } from '../ops/reduce/op.ts';
import { gelu, scale, tanh } from '../ops/unary/op.ts';
import { Stream } from './random.ts';
import { Tape } from './tape.ts';
import { Tensor } from './tensor.ts';

const reference = await openDevice('reference');

/** A graph with reuse, broadcasting, a reshape, a permutation and nested scopes; one number. */
function graph(t: Tape, x: Tensor, w: Tensor): Tensor {
  const y = t.scope(() => {
    const inner = t.scope(() => gelu(t, mul(t, x, w)));
    return add(t, inner, mul(t, inner, x));
  });
  const flat = t.reshape(permute(t, y, [1, 0]), [2, 6]);
  const normed = layerNorm(t, add(t, flat, scale(t, flat, 0.5, 1)), null, null);
  return sum(t, mul(t, tanh(t, normed), flat), [0, 1]);
}

test('gradients equal finite differences in float64', async () => {
  const stream = new Stream(1, 'tape');
  const data = { x: stream.normals(12), w: stream.normals(4) };
  const value = async (x: Float64Array, w: Float64Array) => {
    using t = new Tape(reference, { grad: false });
    return graph(t, t.tensor(x, [3, 4]), t.tensor(w, [4])).item();
  };
  const x = Tensor.from(reference, data.x, [3, 4], 'real', true);
  const w = Tensor.from(reference, data.w, [4], 'real', true);
  using t = new Tape(reference);
  t.backward(graph(t, x, w));
  for (const [name, leaf] of [['x', x] as const, ['w', w] as const]) {
    const got = (await leaf.grad?.read()) as Float64Array;
    for (let i = 0; i < leaf.size; i++) {
      const at = (step: number) => {
        const moved = { x: data.x.slice(), w: data.w.slice() };
        moved[name][i] += step;
        return value(moved.x, moved.w);
      };
      const slope = ((await at(1e-5)) - (await at(-1e-5))) / 2e-5;
      assert.ok(Math.abs(got[i] - slope) < 1e-8 * (1 + Math.abs(slope)), `d/d${name}[${i}]: ${got[i]}, want ${slope}`);
    }
    leaf.dispose();
  }
});

test('a second backward pass adds to the gradients; wanted intermediates are returned', async () => {
  const x = Tensor.from(reference, [1, 2, 3], [3], 'real', true);
  for (let pass = 1; pass <= 2; pass++) {
    using t = new Tape(reference);
    const y = mul(t, x, x);
    const unused = scale(t, x, 2);
    const [gy, none] = t.backward(sum(t, scale(t, y, 3), [0]), undefined, [y, unused]);
    assert.deepEqual([...((await gy?.read()) ?? [])], [3, 3, 3]);
    assert.equal(none, null);
    assert.deepEqual([...((await x.grad?.read()) ?? [])], [6 * pass, 12 * pass, 18 * pass]);
  }
  x.dispose();
});

test('a tape that does not record refuses to go back', () => {
  using t = new Tape(reference, { grad: false });
  const x = t.tensor([1], [1], 'real', true);
  assert.throws(() => t.backward(scale(t, x, 2)), /does not record/);
});

test('memory returns to its start after close, on every device', async () => {
  for (const device of [reference, await openDevice('cpu')]) {
    const once = () => {
      const x = Tensor.from(device, new Stream(1, 'x').normals(12), [3, 4], 'real', true);
      const w = Tensor.from(device, new Stream(1, 'w').normals(4), [4], 'real', true);
      const t = new Tape(device);
      t.backward(graph(t, x, w));
      t.close();
      x.dispose();
      w.dispose();
    };
    once(); // kernels keep their scratch memory
    const start = device.memory.live;
    once();
    assert.equal(device.memory.live, start, device.info.id);
    const forward = new Tape(device);
    const x = Tensor.from(device, new Float64Array(12), [3, 4], 'real', true);
    graph(forward, x, forward.tensor([1, 2, 3, 4], [4]));
    assert.ok(device.memory.live > start);
    forward.close(); // without a backward pass
    x.dispose();
    assert.equal(device.memory.live, start, device.info.id);
  }
});

test('a scope releases at once what nobody saved', () => {
  const n = 1000;
  const start = reference.memory.live;
  using t = new Tape(reference, { grad: false });
  const x = t.tensor(new Float64Array(n), [n]);
  t.scope(() => {
    const y = scale(t, scale(t, scale(t, x, 2), 2), 2);
    assert.equal(reference.memory.live - start, 4 * 8 * n);
    return y;
  });
  assert.equal(reference.memory.live - start, 2 * 8 * n);
});

/** Bytes live at each kernel launch. */
function watched(device: Device): { device: Device; live: number[] } {
  const live: number[] = [];
  const device2: Device = Object.create(device, {
    memory: { get: () => device.memory },
    info: { get: () => device.info },
    run: {
      value: (...args: Parameters<Device['run']>) => {
        device.run(...args);
        live.push(device.memory.live);
      },
    },
  });
  for (const name of ['allocate', 'release', 'upload', 'download', 'copy', 'clear'] as const)
    Object.defineProperty(device2, name, { value: device[name].bind(device) });
  return { device: device2, live };
}

test('activations are freed while the backward pass walks, and the peak is what the computation needs', () => {
  const n = 1000;
  const layers = 6;
  const { device, live } = watched(reference);
  const start = reference.memory.live;
  reference.memory.resetPeak();
  const t = new Tape(device);
  const x = Tensor.from(device, new Float64Array(n).fill(0.5), [n], 'real', true);
  const y = t.scope(() => {
    let h = x;
    for (let i = 0; i < layers; i++) h = gelu(t, h);
    return h;
  });
  const bytes = (tensors: number) => start + tensors * 8 * n;
  assert.deepEqual(
    live,
    Array.from({ length: layers }, (_, i) => bytes(i + 2)),
  );
  live.length = 0;
  const seed = Tensor.from(device, new Float64Array(n).fill(1), [n]);
  t.backward(y, seed);
  // At each step: the saved inputs that remain, y, the seed, the gradient that came and the one that is made. The
  // first gradient is the seed itself.
  assert.deepEqual(
    live,
    Array.from({ length: layers }, (_, i) => bytes(layers - i + 2 + (i === 0 ? 1 : 2))),
  );
  assert.equal(reference.memory.peak, bytes(layers + 3));
  t.close();
  seed.dispose();
  assert.equal(reference.memory.live, bytes(2)); // x and its gradient
  x.dispose();
  assert.equal(reference.memory.live, start);
});

test('fresh CPU memory is poisoned on demand, and a whole graph runs on it without a NaN', async () => {
  const before = process.env.LONGCONV_POISON;
  process.env.LONGCONV_POISON = '1';
  const cpu = await openDevice('cpu');
  if (before === undefined) delete process.env.LONGCONV_POISON;
  else process.env.LONGCONV_POISON = before;
  const raw = Tensor.create(cpu, [7]);
  assert.ok((await raw.read()).every(Number.isNaN));
  raw.dispose();
  const stream = new Stream(1, 'poison');
  const x = Tensor.from(cpu, stream.normals(12), [3, 4], 'real', true);
  const w = Tensor.from(cpu, stream.normals(4), [4], 'real', true);
  using t = new Tape(cpu);
  const y = graph(t, x, w);
  t.backward(y);
  assert.ok(Number.isFinite(await y.item()));
  for (const leaf of [x, w]) {
    assert.ok((await leaf.grad?.read())?.every(Number.isFinite));
    leaf.dispose();
  }
});
