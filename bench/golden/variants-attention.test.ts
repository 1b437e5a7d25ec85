/** Family `attention` (and values of another width than the keys in its relatives) against loops written out here. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import { finiteError } from './finite-error.ts';
import type { GoldenCase, GoldenTensor } from './golden.ts';
import { runGolden } from './run.ts';

const devices = [await openDevice('reference'), await openDevice('cpu')];
const stream = new Stream(23, 'attention variants');

interface Sizes {
  B: number;
  Sq: number;
  Sk: number;
  h: number;
  d: number;
  dv: number;
  scale: number;
  sees: (b: number, head: number, i: number, j: number) => boolean;
}
type Rows = (b: number, i: number, head: number) => number;

/** o, lse and the gradients of sum g o by the formulas of softmax attention; `empty` is lse of a row without keys. */
function dense(sizes: Sizes, [q, k, v, g]: Float64Array[], empty: number): Record<string, Float64Array> {
  const { B, Sq, Sk, h, d, dv, scale, sees } = sizes;
  const at =
    (S: number, width: number): Rows =>
    (b, i, head) =>
      ((b * S + i) * h + head) * width;
  const [Q, K, V, O] = [at(Sq, d), at(Sk, d), at(Sk, dv), at(Sq, dv)];
  const dot = (a: Float64Array, i: number, b: Float64Array, j: number, n: number) => {
    let sum = 0;
    for (let c = 0; c < n; c++) sum += a[i + c] * b[j + c];
    return sum;
  };
  const o = new Float64Array(g.length);
  const lse = new Float64Array(B * h * Sq).fill(empty);
  const [gq, gk, gv] = [q, k, v].map((x) => new Float64Array(x.length));
  for (let b = 0; b < B; b++)
    for (let head = 0; head < h; head++)
      for (let i = 0; i < Sq; i++) {
        const row = Q(b, i, head);
        const keys = Array.from({ length: Sk }, (_, j) => j).filter((j) => sees(b, head, i, j));
        if (!keys.length) continue;
        const scores = keys.map((j) => scale * dot(q, row, k, K(b, j, head), d));
        const top = Math.max(...scores);
        const total = scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
        lse[(b * h + head) * Sq + i] = top + Math.log(total);
        const out = O(b, i, head);
        const p = scores.map((s) => Math.exp(s - top) / total);
        for (const [n, j] of keys.entries()) for (let c = 0; c < dv; c++) o[out + c] += p[n] * v[V(b, j, head) + c];
        const delta = dot(g, out, o, out, dv);
        for (const [n, j] of keys.entries()) {
          const [key, value] = [K(b, j, head), V(b, j, head)];
          const slope = scale * p[n] * (dot(g, out, v, value, dv) - delta);
          for (let c = 0; c < dv; c++) gv[value + c] += p[n] * g[out + c];
          for (let c = 0; c < d; c++) {
            gq[row + c] += slope * k[key + c];
            gk[key + c] += slope * q[row + c];
          }
        }
      }
  return { o, lse, grad_q: gq, grad_k: gk, grad_v: gv };
}

function made(family: string, config: object, sizes: Sizes, empty: number, mask?: { shape: number[]; data: number[] }) {
  const { B, Sq, Sk, h, d, dv } = sizes;
  const rest = { complex: false, offset: 0, nbytes: 0 };
  const shapes = { q: [B, Sq, h, d], k: [B, Sk, h, d], v: [B, Sk, h, dv], g: [B, Sq, h, dv] };
  const given = Object.entries(shapes).map(([name, shape]): GoldenTensor => {
    const data = stream.normals(shape.reduce((a, b) => a * b, 1));
    return { ...rest, name, shape, dtype: 'f64', role: name === 'g' ? 'cotangent' : 'input', data };
  });
  const values = dense(
    sizes,
    given.map((t) => t.data as Float64Array),
    empty,
  );
  const wanted = Object.entries(values).map(([name, data]): GoldenTensor => {
    const shape = name === 'lse' ? [B, h, Sq] : name === 'o' ? shapes.g : shapes[name.slice(5) as 'q'];
    return { ...rest, name, shape, dtype: 'f64', role: name.startsWith('grad') ? 'grad' : 'output', data };
  });
  const tensors = [...given, ...wanted];
  if (mask)
    tensors.push({
      ...{ ...rest, name: 'block_mask', shape: mask.shape, dtype: 'i32', role: 'input' },
      data: Int32Array.from(mask.data),
    });
  const c: GoldenCase = {
    ...{ case: 'made', family, config, notes: '', tolerance: { f64_rtol: 1e-12, f32_rtol: 1e-5 }, tensors },
    get: (name) => tensors.find((t) => t.name === name) as GoldenTensor,
    has: (name) => tensors.some((t) => t.name === name),
  };
  return c;
}

async function passes(c: GoldenCase): Promise<void> {
  for (const device of devices) {
    const verdict = await runGolden(c, device);
    assert.equal(verdict.status, 'pass', `${JSON.stringify(c.config)} on ${device.info.id}: ${verdict.reason}`);
  }
}

for (const [name, sizes, options, empty] of [
  ['rows without keys, whose lse is -Infinity', { Sq: 17, Sk: 5 }, { causal: true }, Number.NEGATIVE_INFINITY],
  ['rows without keys, whose lse is 0', { Sq: 13, Sk: 4, dv: 2 }, { causal: true, d_v: 2 }, 0],
  ['options that are null', { Sq: 7, Sk: 19 }, { scale: null, causal: null, layout: null }, 0],
  ['options that are absent, values wider than keys', { Sq: 5, Sk: 5, dv: 11 }, {}, 0],
  ['one query, one key, one dimension, a scale', { Sq: 1, Sk: 1, d: 1, dv: 1 }, { causal: true, scale: 3 }, 0],
] as [string, Partial<Sizes>, { causal?: boolean; scale?: number | null }, number][])
  test(`attention: ${name}`, async () => {
    const base = { B: 2, Sq: 7, Sk: 7, h: 3, d: 5, dv: 5, ...sizes };
    const scale = options.scale ?? 1 / Math.sqrt(base.d);
    const sees = (_b: number, _h: number, i: number, j: number) => !options.causal || j <= i + base.Sk - base.Sq;
    await passes(made('attention', options, { ...base, scale, sees }, empty));
  });

test('block-sparse attention whose values have another width', async () => {
  const [S, h, block, n] = [22, 2, 5, 5];
  const data = Array.from({ length: h * n * n }, () => stream.integer(2));
  const sees = (_: number, head: number, i: number, j: number) =>
    j <= i && data[(head * n + Math.floor(i / block)) * n + Math.floor(j / block)] === 1;
  for (const dv of [3, 9]) {
    const sizes = { B: 1, Sq: S, Sk: S, h, d: 4, dv, scale: 0.5, sees };
    const c = made('block-sparse-attention', { block, causal: true }, sizes, 0, { shape: [h, n, n], data });
    await passes(c);
  }
});

test('an infinity must be met by the same infinity', () => {
  const { POSITIVE_INFINITY: inf } = Number;
  assert.equal(finiteError([1, -inf, 2], [1, -inf, 2]), 0);
  assert.equal(finiteError([1, 0, 2], [1, -inf, 2]), inf);
  assert.equal(finiteError([1, inf, 2], [1, -inf, 2]), inf);
  assert.equal(finiteError([1, -inf, 2], [1, 0, 2]), inf);
  assert.equal(finiteError([1, Number.NaN], [1, Number.NaN]), inf);
  assert.equal(finiteError([1, -inf, 2.5], [1, -inf, 2]), 0.25);
});
