/** What the generic test leaves out: which factors are chosen, what is refused, and what the forms have in common. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../device/registry.ts';
import { Stream } from '../../tensor/random.ts';
import { Tape } from '../../tensor/tape.ts';
import { butterflyFactors, wholeFactors } from '../butterfly-transform/op.ts';
import { relativeError } from '../check.ts';
import fftConvOp, { type ConvForm, fftConv } from '../fft-conv/op.ts';
import { ShapeError } from '../op.ts';
import monarchConvOp, { monarchFactors } from './op.ts';

const cpu = await openDevice('cpu');
const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);

test('chosen factors are few, at most 32, and hardly more than is needed', () => {
  for (const n of [1, 2, 31, 32, 33, 100, 257, 1000, 1024, 1025, 3001, 16384, 32768, 65536, 100003, 262144, 1 << 20]) {
    const factors = monarchFactors(n);
    const levels = Math.max(1, Math.ceil(Math.log(n) / Math.log(32) - 1e-9));
    assert.equal(factors.length, levels, `${n}: ${factors}`);
    assert.ok(factors.every((f) => f >= 1 && f <= 32));
    assert.ok(product(factors) >= n && product(factors) <= 1.15 * n + 16, `${n}: ${factors}`);
  }
});

test('the levels of the published recursion', () => {
  assert.deepEqual(butterflyFactors(512, 16), [16, 16, 2]);
  assert.deepEqual(butterflyFactors(256, 16), [16, 16]);
  assert.deepEqual(butterflyFactors(300, 8), [8, 8, 8]);
  assert.deepEqual(butterflyFactors(9, 16), [16]);
  assert.deepEqual(butterflyFactors(5, 4), [4, 2]);
  assert.deepEqual(butterflyFactors(1, 2), [1]);
  for (const n of [1, 2, 97, 500, 1024, 2 * 3 * 5 * 7 * 11, 41 * 16, 1009])
    assert.equal(product(wholeFactors(n)), n, `${n}: ${wholeFactors(n)}`);
});

test('executed FLOPs are counted by what is multiplied, and are more than an FFT needs', () => {
  const shapes = [[1, 1, 1024], [1, 1, 1024], null];
  const { forward } = monarchConvOp.cost(shapes, { sides: 'causal', factors: [32, 32] });
  // Row and kernel forward, row back: a real level, 4 N n, a complex one, 8 N n, and its twiddles, 6 N; the product.
  assert.equal(forward.flops, 1024 * (3 * (4 * 32 + 8 * 32 + 6) + 6));
  const fft = fftConvOp.cost(shapes, { sides: 'causal', form: 'fused' }).forward.flops;
  assert.ok(forward.flops > 4 * fft && forward.flops < 10 * fft, `${forward.flops} against ${fft}`);
});

test('all forms give one convolution, at a length whose rows leave the caches', async () => {
  const L = 300000;
  const [u, k] = ['u', 'k'].map((name) => new Stream(7, name).normals(L).map(Math.fround));
  const run = async (form: ConvForm) => {
    using t = new Tape(cpu);
    const [x, taps] = [u, k].map((data) => t.tensor(data, [1, 1, L], 'real', true));
    const y = fftConv(t, x, taps, null, { sides: 'causal', form });
    const grads = t.backward(y, t.tensor(u, [1, 1, L]), [x, taps]);
    return Promise.all([y, ...grads].map((a) => a?.read() ?? []));
  };
  const want = await run('fused');
  for (const form of ['three-pass', 'monarch'] as const)
    for (const [i, a] of (await run(form)).entries())
      assert.ok(relativeError(a, want[i]) < 3e-6, `${form}, tensor ${i}: ${relativeError(a, want[i])}`);
});

test('factors that are too small, or of another form, are refused', () => {
  using t = new Tape(cpu, { grad: false });
  const u = t.tensor(new Float32Array(100), [1, 1, 100]);
  const conv = (form: ConvForm, factors: number[]) => fftConv(t, u, u, null, { sides: 'causal', form, factors });
  assert.throws(() => conv('monarch', [9, 11]), /9 x 11 = 99 are too small for length 100.*at least 100/);
  assert.throws(() => conv('monarch', [10, 10.5]), ShapeError);
  assert.throws(() => conv('fused', [10, 10]), /takes no factors/);
});
