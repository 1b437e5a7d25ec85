/** The WebGPU device and every op that has a `webgpu.ts`, on the software driver; skipped where it is missing. */
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import accumulate from '../ops/accumulate/op.ts';
import { checkOp } from '../ops/check.ts';
import type { OpCase } from '../ops/op.ts';
import { loadOp, loadOps, opFile } from '../ops/registry.ts';
import unary from '../ops/unary/op.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Device, OutOfMemoryError, UnsupportedError } from './device.ts';
import { openDevice } from './registry.ts';
import { openForTests } from './webgpu/testing.ts';

const opened = await openForTests();
const gpu = opened as Device;
const reason = typeof opened === 'string' ? opened : null;
if (!reason) after(() => gpu.close());
const reference = await openDevice('reference');

/** Not every runner prints the reason of a skipped test: it stands in the name too. */
function check(name: string, work: () => Promise<void>): void {
  if (reason) test(`webgpu: ${name} (skipped: ${reason})`, { skip: reason }, work);
  else test(`webgpu: ${name}`, work);
}

for (const [id, op] of await loadOps()) {
  if (!opFile(id, 'webgpu.ts')) continue;
  check(`${id} matches its float64 reference`, async () => {
    for (const c of op.cases) {
      const r = await checkOp(op, c, gpu, reference);
      assert.equal(r.status, 'pass', `${id} ${c.name}: ${r.reason} (error ${r.error}, tolerance ${r.tolerance})`);
    }
    assert.equal(gpu.memory.live, 0, 'all memory is released');
  });
}

/** Sizes that reach what the small cases do not (large tiles, many workgroups), against the CPU's kernels. */
const large: [string, OpCase[]][] = [
  [
    'matmul',
    [
      { name: 'large tiles', shapes: [[1030, 33], [33, 517], [517]], attrs: { transA: false, transB: false } },
      { name: 'batch of 70000', shapes: [[70000, 2, 3], [70000, 2, 3], null], attrs: { transA: false, transB: true } },
      { name: 'long sum', shapes: [[20000, 5], [5, 6], [6]], attrs: { transA: false, transB: false } },
    ],
  ],
];
for (const [id, cases] of large)
  check(`${id} matches the CPU on large operands`, async () => {
    const cpu = await openDevice('cpu');
    const op = await loadOp(id);
    for (const c of cases) {
      const r = await checkOp(op, c, gpu, cpu);
      assert.equal(r.status, 'pass', `${id} ${c.name}: ${r.reason} (error ${r.error}, tolerance ${r.tolerance})`);
    }
    assert.equal(gpu.memory.live, 0, 'all memory is released');
  });

check('a software driver says so', async () => {
  assert.equal(gpu.info.id, 'webgpu:0');
  assert.equal(gpu.info.software, true);
  assert.match(gpu.info.name, /llvmpipe/i);
  assert.ok(gpu.info.features.some((f) => f.startsWith('clock: ')));
});

check('upload and download keep every bit, for odd sizes and parts', async () => {
  for (const n of [0, 1, 3, 5, 63, 65, 1000, 4097]) {
    const real = Float32Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i) * 10 ** ((i % 60) - 30)));
    const a = gpu.allocate(n, 'real');
    gpu.upload(a, real);
    assert.deepEqual(await gpu.download(a), real);
    const integers = Int32Array.from({ length: n }, (_, i) => (i * 2654435761) | 0);
    const b = gpu.allocate(n, 'i32');
    gpu.upload(b, Array.from(integers));
    assert.deepEqual(await gpu.download(b), integers);
    gpu.release(a);
    gpu.release(b);
  }
  const c = gpu.allocate(7, 'real');
  gpu.clear(c);
  gpu.upload(c, [1.5, 2.5]);
  assert.deepEqual(await gpu.download(c), new Float32Array([1.5, 2.5, 0, 0, 0, 0, 0]));
  assert.throws(() => gpu.upload(c, new Float32Array(8)), /upload of 8 elements into a buffer of 7/);
  gpu.release(c);
  await assert.rejects(gpu.download(c), /released buffer/);
  assert.equal(gpu.memory.live, 0);
});

check('work, uploads and copies happen in the order in which they were asked for', async () => {
  const n = 1000;
  const x = gpu.allocate(n, 'real');
  const sum = gpu.allocate(n, 'real');
  const old = gpu.allocate(n, 'real');
  gpu.clear(sum);
  const operand = (buffer: typeof x) => ({ buffer, shape: [n] });
  const downloads: Promise<ArrayLike<number>>[] = [];
  for (let i = 1; i <= 600; i++) {
    gpu.upload(x, new Float32Array(n).fill(i));
    gpu.run(
      accumulate,
      'forward',
      { inputs: [operand(sum), operand(x)], outputs: [], gradOutputs: [], gradInputs: [] },
      {},
    );
    if (i === 300) gpu.copy(sum, old);
    if (i % 200 === 0) downloads.push(gpu.download(sum));
  }
  const got = await Promise.all(downloads);
  assert.deepEqual(
    got.map((a) => [a[0], a[n - 1]]),
    [200, 400, 600].map((i) => [(i * (i + 1)) / 2, (i * (i + 1)) / 2]),
  );
  assert.equal((await gpu.download(old))[n - 1], (300 * 301) / 2);
  for (const b of [x, sum, old]) gpu.release(b);
});

check('memory is counted to the byte and reused', async () => {
  assert.equal(gpu.memory.live, 0);
  gpu.memory.resetPeak();
  const a = gpu.allocate(1000, 'real');
  const b = gpu.allocate(24, 'i32');
  assert.equal(gpu.memory.live, 4096);
  gpu.release(a);
  gpu.release(a);
  const c = gpu.allocate(999, 'real');
  assert.equal(gpu.memory.live, 96 + 3996);
  assert.equal(gpu.memory.peak, 4096);
  gpu.release(b);
  gpu.release(c);
  assert.equal(gpu.memory.live, 0);
  assert.throws(() => gpu.allocate(2 ** 40, 'real'), OutOfMemoryError);
  assert.equal(gpu.memory.live, 0);
});

check('an op without a kernel is refused by name', async () => {
  const op = { ...unary, id: 'no-such-op' };
  assert.match(gpu.supports('no-such-op', 'forward') as string, /no-such-op/);
  assert.match(gpu.supports('accumulate', 'backward') as string, /accumulate.*backward/);
  const none = { inputs: [], outputs: [], gradOutputs: [], gradInputs: [] };
  assert.throws(() => gpu.run(op, 'forward', none, { fn: 'relu' }), UnsupportedError);
});

check('an error of the GPU is thrown at the next fence with the name of the op, once', async () => {
  const x = Tensor.from(gpu, new Float32Array(64), [64]);
  const y = Tensor.create(gpu, [64]);
  // The same memory read and written in one dispatch is what WebGPU refuses.
  gpu.run(unary, 'forward', { inputs: [x], outputs: [x], gradOutputs: [], gradInputs: [] }, { fn: 'relu' });
  await assert.rejects(gpu.fence(), /unary forward/);
  gpu.run(unary, 'forward', { inputs: [x], outputs: [y], gradOutputs: [], gradInputs: [] }, { fn: 'relu' });
  await gpu.fence();
  x.dispose();
  y.dispose();
});

check('time is positive and grows with the work', async () => {
  const x = Tensor.from(gpu, new Float32Array(1 << 18), [1 << 18]);
  const y = Tensor.create(gpu, [1 << 18]);
  const work = (times: number) => () => {
    for (let i = 0; i < times; i++)
      gpu.run(unary, 'forward', { inputs: [x], outputs: [y], gradOutputs: [], gradInputs: [] }, { fn: 'gelu' });
  };
  let few = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 4; i++) few = Math.min(few, await gpu.time(work(2)));
  const many = await gpu.time(work(40));
  assert.ok(few > 0 && many > 3 * few, `2 calls took ${few} ms, 40 took ${many} ms`);
  x.dispose();
  y.dispose();
});
