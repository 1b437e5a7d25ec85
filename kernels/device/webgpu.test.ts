/** The WebGPU device and every op that has a `webgpu.ts`, on the software driver; skipped where it is missing. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import accumulate from '../ops/accumulate/op.ts';
import { mul } from '../ops/binary/op.ts';
import { checkOp, relativeError } from '../ops/check.ts';
import { fftConv } from '../ops/fft-conv/op.ts';
import { linear } from '../ops/matmul/op.ts';
import { type Op, type OpCase, sizeOf } from '../ops/op.ts';
import { permute } from '../ops/permute/op.ts';
import { sum } from '../ops/reduce/op.ts';
import { loadOp, loadOps, opFile } from '../ops/registry.ts';
import unary, { gelu } from '../ops/unary/op.ts';
import { Stream } from '../tensor/random.ts';
import { Tape } from '../tensor/tape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Device, OutOfMemoryError, UnsupportedError } from './device.ts';
import { openDevice } from './registry.ts';
import type { Limits } from './webgpu/plan.ts';
import { openForTests } from './webgpu/testing.ts';
import { open } from './webgpu.ts';

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

/** Every case passes, but for those that the op's `webgpu.ts` says it does not offer. */
async function checkCases(device: Device, against: Device, op: Op, cases: OpCase[], offered = cases.length) {
  let passed = 0;
  for (const c of cases) {
    const r = await checkOp(op, c, device, against);
    if (r.status === 'unsupported') continue;
    assert.equal(r.status, 'pass', `${op.id} ${c.name}: ${r.reason} (error ${r.error}, tolerance ${r.tolerance})`);
    passed++;
  }
  assert.equal(passed, offered, `${op.id}: cases that ran`);
  assert.equal(device.memory.live, 0, `${op.id}: all memory is released`);
}

/** The convolution's other forms, unfused and in three passes, exist on the CPU alone. */
const offered = (c: OpCase) => c.attrs.form === undefined || c.attrs.form === 'fused';

for (const [id, op] of await loadOps())
  if (opFile(id, 'webgpu.ts'))
    check(`${id} matches its float64 reference`, () =>
      checkCases(gpu, reference, op, op.cases, op.cases.filter(offered).length),
    );

const plain = { transA: false, transB: false };
const causal = { sides: 'causal', form: 'fused' };
/** Sizes that the ops' own cases do not reach, against the CPU's kernels. */
const larger: Record<string, OpCase[]> = {
  matmul: [
    { name: 'large tiles', shapes: [[1030, 33], [33, 517], [517]], attrs: plain },
    { name: 'long sum', shapes: [[20000, 5], [5, 6], [6]], attrs: plain },
  ],
};
for (const [id, cases] of Object.entries(larger))
  check(`${id} matches the CPU on larger operands`, async () =>
    checkCases(gpu, await openDevice('cpu'), await loadOp(id), cases),
  );

check('kernels keep to the limits of a smaller GPU', async () => {
  const small = await open(0, { workgroupBytes: 2048, workgroupsPerDimension: 3, bindingBytes: 2 ** 14, registers: 8 });
  const cpu = await openDevice('cpu');
  try {
    await checkCases(small, cpu, await loadOp('unary'), [
      { name: 'several rows of workgroups', shapes: [[4001]], attrs: { fn: 'gelu' } },
    ]);
    await checkCases(small, cpu, await loadOp('matmul'), [
      { name: 'batch in several launches', shapes: [[7, 5, 6], [7, 6, 3], [3]], attrs: plain },
    ]);
    const twoSided = { ...causal, sides: 'lag-1' };
    await checkCases(small, cpu, await loadOp('fft-conv'), [
      {
        name: 'chunks of channels',
        shapes: [
          [1, 60, 60],
          [1, 60, 60],
          [1, 60],
        ],
        attrs: causal,
      },
      {
        name: 'three passes, chunks',
        shapes: [
          [3, 2, 600],
          [2, 2, 600],
          [1, 2],
        ],
        attrs: twoSided,
      },
      { name: 'three passes, two channels', shapes: [[2, 1, 520], [4, 1, 520], null], attrs: twoSided },
      {
        name: 'three passes, folded',
        shapes: [
          [1, 1, 1900],
          [2, 1, 9],
          [1, 1],
        ],
        attrs: twoSided,
      },
    ]);
    const wide = Tensor.create(small, [2 ** 12 + 1]);
    const call = { inputs: [wide], outputs: [wide], gradOutputs: [], gradInputs: [] };
    assert.throws(
      () => small.run(unary, 'forward', call, { fn: 'exp' }),
      (e) => e instanceof OutOfMemoryError && /unary forward.*16 KiB.*choose a shorter length/.test(e.message),
    );
    wide.dispose();
  } finally {
    await small.close();
  }
});

check('a length that does not fit is refused in one sentence', async () => {
  const op = await loadOp('fft-conv');
  const refused: [Partial<Limits>, number][] = [
    [{ workgroupBytes: 2048, bindingBytes: 2 ** 17 }, 2 ** 14 + 1],
    [{ workgroupBytes: 512 }, 5000],
  ];
  for (const [limits, L] of refused) {
    const small = await open(0, limits);
    const r = await checkOp(
      op,
      { name: 'long', shapes: [[1, 1, L], [1, 1, L], null], attrs: causal },
      small,
      reference,
    );
    assert.equal(r.status, 'unsupported');
    assert.match(r.reason, new RegExp(`^fft-conv forward: a .*length of ${L} .*choose a shorter length`));
    assert.equal(small.memory.live, 0);
    await small.close();
  }
});

check("a GPU's wide transforms give the same", async () => {
  const op = await loadOp('fft-conv');
  const wide: [number, OpCase][] = [
    [
      8192,
      {
        name: 'short',
        shapes: [
          [1, 2, 1000],
          [1, 2, 1000],
          [1, 2],
        ],
        attrs: causal,
      },
    ],
    [2048, { name: 'long', shapes: [[1, 1, 4200], [2, 1, 3000], null], attrs: { ...causal, sides: 'lag-1' } }],
  ];
  for (const [workgroupBytes, c] of wide) {
    const device = await open(0, { registers: 16, workgroupBytes });
    await checkCases(device, reference, op, [c]);
    await device.close();
  }
});

check("a network with its gradients is the CPU's", async () => {
  const cpu = await openDevice('cpu');
  const [B, L, H] = [2, 77, 5];
  const run = async (device: Device) => {
    const stream = new Stream(3, 'network');
    const make = (shape: number[], scale = 1) =>
      Tensor.from(device, stream.normals(sizeOf(shape), scale), shape, 'real', true);
    const [x, W, bias, k, D] = [make([B, L, H]), make([H, H]), make([H]), make([1, H, L], 0.2), make([1, H])];
    const tape = new Tape(device);
    const mixed = tape.scope(() => {
      const z = gelu(tape, linear(tape, x, W, bias));
      return fftConv(tape, permute(tape, z, [0, 2, 1]), k, D, { sides: 'causal' });
    });
    const loss = sum(tape, mul(tape, mixed, mixed), [0, 1, 2]);
    tape.backward(loss);
    const result = [
      await loss.read(),
      ...(await Promise.all([x, W, bias, k, D].map((p) => (p.grad as Tensor).read()))),
    ];
    tape.close();
    for (const p of [x, W, bias, k, D]) p.dispose();
    return result;
  };
  const want = await run(cpu);
  const got = await run(gpu);
  for (const [i, name] of ['loss', 'x', 'W', 'bias', 'k', 'D'].entries()) {
    const error = relativeError(got[i], want[i]);
    assert.ok(error < 3e-6, `${name} is off by ${error}`);
  }
  assert.equal(gpu.memory.live, 0);
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

const deno = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'node_modules', '.bin', 'deno');
if (!('Deno' in globalThis))
  check('the same on wgpu, in Deno', async () => {
    const { stdout } = await promisify(execFile)(
      deno,
      [
        'test',
        '-A',
        '--no-check',
        '--filter',
        '/accumulate matches|network|in the order|next fence/',
        fileURLToPath(import.meta.url),
      ],
      { env: { ...process.env, NO_COLOR: '1' } },
    );
    assert.match(stdout, /4 passed \| 0 failed/, stdout);
  });
