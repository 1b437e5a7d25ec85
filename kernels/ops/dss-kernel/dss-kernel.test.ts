/** Growing modes, and kernels of the largest sizes: 256 modes, a million taps. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../device/registry.ts';
import { Stream } from '../../tensor/random.ts';
import { Tape } from '../../tensor/tape.ts';
import { relativeError } from '../check.ts';
import { type DssAttrs, dssKernel } from './op.ts';

const reference = await openDevice('reference');
const cpu = await openDevice('cpu');
const softmax: DssAttrs = {
  length: 1,
  span: null,
  scaling: 'softmax',
  real: 'plain',
  imag: 'plain',
  ceiling: null,
  epsilon: 1e-7,
};
const exp: DssAttrs = { ...softmax, scaling: 'zoh', real: 'negative-exp' };

/** Values of one channel with two steps; W holds (re, im) pairs. */
interface Values {
  logStep: Float64Array;
  re: Float64Array;
  im: Float64Array;
  W: Float64Array;
}

/** K and, given g, the gradients of sum g K. */
async function run(device: typeof reference, v: Values, attrs: DssAttrs, g?: Float64Array) {
  using t = new Tape(device);
  const leaf = (x: Float64Array, shape: number[]) => t.tensor(x, shape, 'real', true);
  const N = v.re.length;
  const p = {
    logStep: leaf(v.logStep, [1, 2]),
    re: leaf(v.re, [N]),
    im: leaf(v.im, [v.im.length]),
    W: leaf(v.W, [1, 1, N, 2]),
  };
  const K = dssKernel(t, p, attrs);
  const all = [p.logStep, p.re, p.im, p.W];
  const grads = g ? t.backward(K, t.tensor(g, K.shape), all) : [];
  const out = { K: await K.read(), grads: await Promise.all(grads.map(async (x) => (await x?.read()) ?? [])) };
  for (const x of all) x.grad?.dispose();
  return out;
}

const rounded = (x: Float64Array): Float64Array => x.map(Math.fround);

/**
 * sum over some taps of g_l K[l], each from its own exponential; `frozen`: the values from which the shift of growing
 * modes is computed, as its gradient is left out.
 */
function taps(v: Values, { length, span, scaling, real }: DssAttrs, at: Iterable<number>, frozen = v): number[] {
  const lambda = (x: Values, n: number): [number, number] => [real === 'plain' ? x.re[n] : -Math.exp(x.re[n]), x.im[n]];
  const steps = (x: Values): [number, number] => [Math.exp(x.logStep[0]), Math.exp(x.logStep[1])];
  const S = span ?? length;
  const [a, b] = steps(v);
  const minusOne = (x: number, y: number): [number, number] => {
    const h = Math.sin(y / 2);
    return [Math.expm1(x) * Math.cos(y) - 2 * h * h, Math.exp(x) * Math.sin(y)];
  };
  const modes = Array.from(v.re, (_, n) => {
    const [p, q] = lambda(v, n);
    const [x, y] = [a * p, b * q];
    const grows = scaling === 'softmax' && p > 0;
    const sign = grows ? -1 : 1;
    const top = minusOne(sign * x, sign * y);
    let below: [number, number] = [p, q];
    let guard = 0;
    if (scaling === 'softmax') {
      const last = minusOne(sign * x * S, sign * y * S);
      below = [last[0] * p - last[1] * q, last[0] * q + last[1] * p];
      guard = 1e-7;
    }
    const D = below[0] ** 2 + below[1] ** 2 + guard;
    const f = [(top[0] * below[0] + top[1] * below[1]) / D, (top[1] * below[0] - top[0] * below[1]) / D];
    const [wr, wi] = [v.W[2 * n], v.W[2 * n + 1]];
    const [fp, fq] = lambda(frozen, n);
    const [fa, fb] = steps(frozen);
    const shift = grows ? [fa * fp * (S - 1), fb * fq * (S - 1)] : [0, 0];
    return { k: [wr * f[0] - wi * f[1], wr * f[1] + wi * f[0]], x, y, shift };
  });
  return Array.from(at, (l) => {
    let sum = 0;
    for (const { k, x, y, shift } of modes) {
      const size = Math.exp(x * l - shift[0]);
      const angle = y * l - shift[1];
      sum += size * (k[0] * Math.cos(angle) - k[1] * Math.sin(angle));
    }
    return sum;
  });
}

test('the gradient of growing modes leaves the subtracted exponent out', async () => {
  const stream = new Stream(4, 'growing');
  const [N, length] = [5, 37];
  const attrs = { ...softmax, length, span: 41 };
  const v: Values = {
    logStep: stream.uniforms(2, -4, -1.5),
    re: Float64Array.of(0.7, -0.4, 1.3, 0.05, -1),
    im: stream.normals(N, 3),
    W: stream.normals(2 * N),
  };
  const g = stream.normals(length);
  const { K, grads } = await run(reference, v, attrs, g);
  const range = Array.from({ length }, (_, l) => l);
  assert.ok(relativeError(K, taps(v, attrs, range)) < 1e-12);
  const loss = (x: Values) => taps(x, attrs, range, v).reduce((sum, k, l) => sum + g[l] * k, 0);
  (['logStep', 're', 'im', 'W'] as const).forEach((name, i) => {
    const numeric = Array.from(v[name], (x, j) => {
      const moved = (h: number) => loss({ ...v, [name]: v[name].with(j, x + h) });
      const slope = (h: number) => (moved(h) - moved(-h)) / (2 * h);
      return (4 * slope(5e-5) - slope(1e-4)) / 3;
    });
    const error = relativeError(grads[i], numeric);
    assert.ok(error < 1e-8, `${name} is off by ${error}`);
  });
});

/** Modes that are alive over all of the taps, with frequencies up to 3 a step. */
function long(N: number, L: number, growing: number): Values {
  const stream = new Stream(5, 'long');
  const step = 1 / L;
  return {
    logStep: rounded(Float64Array.of(Math.log(step), Math.log(step))),
    re: rounded(Float64Array.from({ length: N }, (_, n) => (n < growing ? 1 + n : -1 - (n % 7)))),
    im: rounded(stream.uniforms(N, -3 * L, 3 * L)),
    W: rounded(stream.normals(2 * N)),
  };
}

for (const [name, attrs, growing] of [
  ['softmax, a third of the modes growing', softmax, 85],
  ['exp', exp, 0],
] as const)
  test(`256 modes, a million taps: ${name}`, async () => {
    const [N, length] = [256, 2 ** 20];
    const v = long(N, length, growing);
    if (attrs === exp) v.re = rounded(v.re.map((x) => Math.log(-x)));
    const all = { ...attrs, length };
    // An upstream gradient at some taps only, so that its sums can be written out.
    const stream = new Stream(6, 'taps');
    const at = [0, 1, 2, length - 1, length - 2, ...Array.from({ length: 100 }, () => stream.integer(length))];
    const g = new Float64Array(length);
    for (const l of at) g[l] = Math.fround(stream.uniform(-1, 1));
    const { K, grads } = await run(cpu, v, all, g);
    assert.ok(K.every(Number.isFinite));
    // The scale of the whole kernel, from taps all along it.
    const wide = Array.from({ length: 512 }, (_, i) => i * 2048);
    const picked = [...at, ...wide];
    const error = relativeError(
      picked.map((l) => K[l]),
      taps(v, all, picked),
    );
    assert.ok(error < 4e-6, `K is off by ${error}`);
    const places = [...new Set(at)];
    const want = Array.from({ length: 2 * N }, (_, i) => {
      const n = i >> 1;
      const W = Float64Array.of(1 - (i & 1), i & 1);
      const k = taps({ ...v, re: v.re.slice(n, n + 1), im: v.im.slice(n, n + 1), W }, all, places);
      return places.reduce((sum, l, j) => sum + g[l] * k[j], 0);
    });
    const gradient = relativeError(grads[3], want);
    assert.ok(gradient < 4e-6, `the gradient of W is off by ${gradient}`);
    for (const x of grads) assert.ok(x.every(Number.isFinite));
  });

test('modes that grow by e^50000 over the sequence neither overflow nor vanish', async () => {
  const v: Values = {
    logStep: rounded(Float64Array.of(Math.log(0.1), Math.log(0.1))),
    re: Float64Array.of(5, 0.01, -5),
    im: Float64Array.of(2, -1, 3),
    W: Float64Array.of(1, 0.5, -0.25, 1, 2, -1),
  };
  const all = { ...softmax, length: 100_000 };
  const g = new Float64Array(all.length).fill(1);
  const { K, grads } = await run(cpu, v, all, g);
  const at = [...Array(50).keys()].flatMap((i) => [i, 2000 * i, all.length - 1 - i]);
  const error = relativeError(
    at.map((l) => K[l]),
    taps(v, all, at),
  );
  assert.ok(error < 4e-6, `K is off by ${error}`);
  for (const x of grads) assert.ok(x.every(Number.isFinite));
  assert.ok(Math.abs(K[all.length - 1]) > 1e-3, 'the growing modes end at their largest');
});

test('options that do not fit together are refused by name', async () => {
  const v = long(2, 4, 0);
  await assert.rejects(run(reference, v, { ...softmax, scaling: 'none', length: 4 }), /needs a ceiling/);
  await assert.rejects(run(reference, v, { ...softmax, length: 4, span: 3 }), /span must be at least the length 4/);
  await assert.rejects(run(reference, v, { ...softmax, length: 0 }), /positive integer/);
  await assert.rejects(run(reference, { ...v, im: v.im.slice(1) }, { ...softmax, length: 4 }), /im must be \(2\)/);
});
