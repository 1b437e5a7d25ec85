/**
 * Windows, block masks and hashed attention with sizes and options that no stored case has, against the definitions
 * written out here pair by pair: values on both devices, gradients against central differences of the definition.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import { run as blockSparse } from './families/block-sparse-attention.ts';
import { run as local } from './families/local-attention.ts';
import { run as reformer } from './families/reformer.ts';
import type { GoldenCase, GoldenFamily, GoldenTensor } from './golden.ts';

const devices = [await openDevice('reference'), await openDevice('cpu')];
const stream = new Stream(5, 'sparse variants');
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Operands by name: real ones drawn here, integers as given. */
type Integers = Record<string, { shape: number[]; data: Int32Array }>;
function made(family: string, config: object, reals: Record<string, number[]>, integers: Integers = {}): GoldenCase {
  const rest = { complex: false, offset: 0, nbytes: 0 };
  const tensors: GoldenTensor[] = [];
  for (const [name, shape] of Object.entries(reals)) {
    const role = name === 'g' ? 'cotangent' : 'input';
    // As float32 sees them, so that both devices hash the same vectors.
    const data = stream.normals(size(shape)).map(Math.fround);
    tensors.push({ ...rest, name, role, dtype: 'f64', shape, data });
    if (role === 'input' && name !== 'rotations')
      tensors.push({ ...rest, name: `grad_${name}`, role: 'grad', dtype: 'f64', shape, of: name, data });
  }
  for (const [name, { shape, data }] of Object.entries(integers))
    tensors.push({ ...rest, name, role: 'input', dtype: 'i32', shape, data });
  const get = (name: string) => {
    const found = tensors.find((t) => t.name === name);
    assert.ok(found, `no tensor ${name}`);
    return found;
  };
  const tolerance = { f64_rtol: 1e-9, f32_rtol: 1e-4 };
  return {
    case: 'made',
    family,
    config,
    notes: '',
    tolerance,
    tensors,
    get,
    has: (n) => tensors.some((t) => t.name === n),
  };
}

type Values = Record<string, Float64Array>;
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let s = 0;
  for (let i = 0; i < a.length; i++) s += a[i] * b[i];
  return s;
};

/** The adapter's results on both devices against `definition` of the real operands. */
async function compare(
  c: GoldenCase,
  run: GoldenFamily['run'],
  output: string,
  definition: (x: Values) => Float64Array,
): Promise<void> {
  const inputs = c.tensors.filter((t) => t.role === 'input' && t.dtype === 'f64');
  const values: Values = Object.fromEntries(inputs.map((t) => [t.name, t.data as Float64Array]));
  const want = definition(values);
  const g = c.get('g').data;
  for (const device of devices) {
    const [limit, slack] = device.real === 'f64' ? [1e-10, 1e-6] : [1e-5, 1e-4];
    const { computed } = await run(c, device);
    const error = relativeError(computed.get(output) ?? [], want);
    assert.ok(error < limit, `${output} on ${device.info.id} is off by ${error}`);
    for (const { name } of c.tensors.filter((t) => t.role === 'grad')) {
      const of = name.slice(5);
      const along = stream.normals(values[of].length);
      const at = (h: number) => dot(definition({ ...values, [of]: values[of].map((x, i) => x + h * along[i]) }), g);
      const numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
      const grad = computed.get(name) ?? [];
      const scale = Math.sqrt(dot(grad, grad) * dot(along, along));
      assert.ok(
        Math.abs(dot(grad, along) - numeric) <= slack * Math.max(scale, 1e-3),
        `${name} on ${device.info.id}: ${dot(grad, along)} along a direction, ${numeric} by differences`,
      );
    }
  }
}

/** Softmax of the scores at hand; no scores, no weights. */
function softmax(scores: number[]): number[] {
  const max = Math.max(...scores);
  const e = scores.map((s) => Math.exp(s - max));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / sum);
}

interface Local {
  B: number;
  heads: number;
  L: number;
  d: number;
  window: number;
  [option: string]: unknown;
}

/** Turned by position n as the authors do: pairs (j, j + d/2). */
function turned(x: ArrayLike<number>, n: number): number[] {
  const half = x.length / 2;
  return Array.from({ length: x.length }, (_, i) => {
    const j = i % half;
    const a = n * 10000 ** (-j / half);
    return i < half ? x[j] * Math.cos(a) - x[j + half] * Math.sin(a) : x[j + half] * Math.cos(a) + x[j] * Math.sin(a);
  });
}

/** The notes of the stored cases, literally: block by block, slots numbered from the first. */
function localDefinition(config: Local, real: Int32Array | null) {
  const { B, heads, L, d, window: w } = config;
  const causal = Boolean(config.causal);
  const back = (config.look_backward as number) ?? 1;
  const forward = (config.look_forward as number) ?? (causal ? 0 : 1);
  const scale = (config.scale as number) ?? d ** -0.5;
  return ({ q, k, v }: Values): Float64Array => {
    const y = new Float64Array(q.length);
    for (let row = 0; row < B * heads; row++)
      for (let i = 0; i < L; i++) {
        const own = Math.floor(i / w);
        const at = (l: number) => (row * L + l) * d;
        const keys = Array.from({ length: L }, (_, j) => j).filter((j) => {
          const block = Math.floor(j / w);
          if (block < own - back || block > own + forward || (causal && j > i)) return false;
          if (config.exact && (i - j > w * back || i - j < -w * forward)) return false;
          return real?.[Math.floor(row / heads) * L + j] !== 0;
        });
        const slot = (j: number) => j - (own - back) * w;
        const query = q.slice(at(i), at(i) + d);
        const scores = keys.map((j) => {
          const key = k.slice(at(j), at(j) + d);
          return (
            scale *
            (config.rotary ? dot(turned(query, (back + forward) * w + (i % w)), turned(key, slot(j))) : dot(query, key))
          );
        });
        const p = softmax(scores);
        for (const [n, j] of keys.entries()) for (let c = 0; c < d; c++) y[at(i) + c] += p[n] * v[at(j) + c];
      }
    return y;
  };
}

const locals: Local[] = [];
for (const causal of [true, false])
  for (const exact of [true, false])
    for (const rotary of [true, false])
      for (const padding of [true, false]) {
        const [look_backward, look_forward] = [1 + (locals.length % 3), causal ? 0 : locals.length % 4];
        locals.push({
          B: 2,
          heads: 2,
          L: 41,
          d: 4,
          window: 7,
          causal,
          exact,
          rotary,
          padding,
          look_backward,
          look_forward,
          scale: 0.7,
        });
      }
locals.push({ B: 1, heads: 1, L: 30, d: 3, window: 5 });
locals.push({ B: 1, heads: 3, L: 9, d: 2, window: 16, causal: true, look_forward: null, exact: null, scale: null });
locals.push({ B: 1, heads: 1, L: 40, d: 6, window: 8, look_backward: 0, look_forward: 2, rotary: true });
locals.push({ B: 1, heads: 2, L: 150, d: 16, window: 1, causal: true, exact: true });
for (const config of locals)
  test(`local attention ${JSON.stringify(config)}`, async () => {
    const { B, heads, L, d } = config;
    const shape = [B, heads, L, d];
    // Some keys anywhere, and all of one window's reach: its queries give zeros.
    const data = Int32Array.from({ length: B * L }, (_, i) => (i % 5 === 3 || i % L < L / 4 ? 0 : 1));
    const mask: Integers = config.padding ? { mask: { shape: [B, L], data } } : {};
    const c = made('local-attention', config, { q: shape, k: shape, v: shape, g: shape }, mask);
    await compare(c, local, 'y', localDefinition(config, config.padding ? data : null));
  });

for (const [S, heads, d, block, causal, shared] of [
  [33, 3, 5, 4, false, false],
  [70, 2, 16, 32, true, false],
  [130, 1, 8, 64, false, true],
  [29, 4, 2, 40, true, true],
  [12, 1, 4, 1, true, false],
] as [number, number, number, number, boolean, boolean][])
  test(`block-sparse attention of ${S} steps in blocks of ${block}, ${heads} heads${causal ? ', causal' : ''}`, async () => {
    const n = Math.ceil(S / block);
    const shape = [2, S, heads, d];
    const across = shared ? [n, n] : [heads, n, n];
    const data = Int32Array.from({ length: size(across) }, () => stream.integer(2));
    const config = { B: 2, S, heads, d, block, causal, layout: 'BSHD', grad_of: 'o' };
    const c = made(
      'block-sparse-attention',
      config,
      { q: shape, k: shape, v: shape, g: shape },
      {
        block_mask: { shape: across, data },
      },
    );
    await compare(c, blockSparse, 'o', ({ q, k, v }) => {
      const o = new Float64Array(q.length);
      for (let b = 0; b < 2; b++)
        for (let e = 0; e < heads; e++)
          for (let i = 0; i < S; i++) {
            const at = (l: number) => ((b * S + l) * heads + e) * d;
            const row = ((shared ? 0 : e) * n + Math.floor(i / block)) * n;
            const keys = Array.from({ length: S }, (_, j) => j).filter(
              (j) => data[row + Math.floor(j / block)] && !(causal && j > i),
            );
            const p = softmax(keys.map((j) => d ** -0.5 * dot(q.slice(at(i), at(i) + d), k.slice(at(j), at(j) + d))));
            for (const [m, j] of keys.entries()) for (let c = 0; c < d; c++) o[at(i) + c] += p[m] * v[at(j) + c];
          }
      return o;
    });
  });

interface Hashed {
  B: number;
  L: number;
  d: number;
  bucket_size: number;
  n_buckets: number;
  n_hashes: number;
  [option: string]: unknown;
}

/** The notes of the stored cases, literally; buckets of the case's own vectors, which differences must not move. */
function reformerDefinition(config: Hashed, hashed: ArrayLike<number>, rotations: ArrayLike<number>) {
  const { B, L, d, bucket_size: m, n_buckets, n_hashes: R } = config;
  const buckets: number[] = [];
  for (let b = 0; b < B; b++)
    for (let r = 0; r < R; r++)
      for (let l = 0; l < L; l++) {
        const x = Array.from({ length: n_buckets / 2 }, (_, n) => {
          let s = 0;
          for (let c = 0; c < d; c++) s += hashed[(b * L + l) * d + c] * rotations[(c * R + r) * (n_buckets / 2) + n];
          return s;
        });
        const all = [...x, ...x.map((y) => -y)];
        buckets.push(all.indexOf(Math.max(...all)) + r * n_buckets);
      }
  const definition = ({ qk, v }: Values): Float64Array => {
    const y = new Float64Array(qk.length);
    for (let b = 0; b < B; b++) {
      const of = (x: Float64Array, l: number) => x.slice((b * L + l) * d, (b * L + l + 1) * d);
      const own = buckets.slice(b * R * L, (b + 1) * R * L);
      const sorted = own.map((_, i) => i).sort((i, j) => own[i] - own[j] || i - j);
      const chunks = Array.from({ length: (R * L) / m }, (_, c) => sorted.slice(c * m, (c + 1) * m));
      const rounds = Array.from({ length: L }, () => [] as { o: number[]; lse: number }[]);
      for (const [c, chunk] of chunks.entries())
        for (const entry of chunk) {
          const i = entry % L;
          const slots = [...chunk, ...chunks[(c + chunks.length - 1) % chunks.length]];
          const scores = slots.map((slot) => {
            const j = slot % L;
            const key = of(qk, j);
            const norm = Math.max(Math.sqrt(dot(key, key)), 1e-12);
            let s = (dot(of(qk, i), key) / norm) * d ** -0.5;
            if (config.causal && j > i) s = -Number.MAX_VALUE;
            if (j === i) s = -5e4;
            if (config.attend_across_buckets === false && own[slot] !== own[entry]) s = -Number.MAX_VALUE;
            return s;
          });
          const max = Math.max(...scores);
          const lse = max + Math.log(scores.reduce((a, s) => a + Math.exp(s - max), 0));
          const o = new Array<number>(d).fill(0);
          for (const [n, slot] of slots.entries())
            for (let k = 0; k < d; k++) o[k] += Math.exp(scores[n] - lse) * of(v, slot % L)[k];
          rounds[i].push({ o, lse });
        }
      for (const [i, all] of rounds.entries()) {
        const w = softmax(all.map((r) => r.lse));
        for (let k = 0; k < d; k++) y[(b * L + i) * d + k] = all.reduce((s, r, n) => s + w[n] * r.o[k], 0);
      }
    }
    return y;
  };
  return { buckets, definition };
}

const hashings: Hashed[] = [
  { B: 2, L: 24, d: 5, bucket_size: 4, n_buckets: 6, n_hashes: 1, causal: false, attend_across_buckets: false },
  { B: 1, L: 32, d: 3, bucket_size: 8, n_buckets: 4, n_hashes: 5, causal: true, attend_across_buckets: true },
  { B: 1, L: 16, d: 8, bucket_size: 16, n_buckets: 2, n_hashes: 1, causal: true, attend_across_buckets: false },
  { B: 2, L: 40, d: 4, bucket_size: 10, n_buckets: 12, n_hashes: 2 },
  { B: 1, L: 64, d: 16, bucket_size: 32, n_buckets: 2, n_hashes: 3, causal: true },
];
for (const config of hashings)
  test(`hashed attention ${JSON.stringify(config)}`, async () => {
    const { B, L, d, n_buckets, n_hashes } = config;
    const shape = [B, L, d];
    const c = made('reformer', config, { qk: shape, v: shape, rotations: [d, n_hashes, n_buckets / 2], g: shape });
    const { buckets, definition } = reformerDefinition(config, c.get('qk').data, c.get('rotations').data);
    for (const device of devices) {
      const { computed } = await reformer(c, device);
      assert.deepEqual(Array.from(computed.get('buckets') ?? []), buckets, `buckets on ${device.info.id}`);
    }
    await compare(c, reformer, 'y', definition);
  });
