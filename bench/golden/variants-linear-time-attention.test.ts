/**
 * Linear attention, Performer and Linformer with options and sizes that no stored case has, against their formulas
 * written out as sums over pairs, and the gradients against difference quotients of those.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import type { GoldenCase, GoldenTensor } from './golden.ts';
import { runGolden } from './run.ts';

const devices = [await openDevice('reference'), await openDevice('cpu')];
type Values = Record<string, Float64Array>;
type Formula = (x: Values) => Float64Array;

/** A case of normal values, `scale` times as large, with y and all gradients from `formulaOf` (made at the start). */
function made(
  family: string,
  config: Record<string, unknown>,
  shapes: Record<string, number[]>,
  [yShape, formulaOf]: [number[], (start: Values) => Formula],
  { lengths, scale = 1 }: { lengths?: number[]; scale?: number } = {},
): GoldenCase {
  const stream = new Stream(3, JSON.stringify([family, config, shapes]));
  const rest = { complex: false, offset: 0, nbytes: 0, dtype: 'f64' as const };
  const values: Values = {};
  const tensors: GoldenTensor[] = [];
  for (const [name, shape] of Object.entries(shapes)) {
    values[name] = stream.normals(
      shape.reduce((a, b) => a * b, 1),
      scale,
    );
    tensors.push({ ...rest, name, role: 'param', shape, data: values[name] });
  }
  const formula = formulaOf(values);
  const y = formula(values);
  const g = stream.normals(y.length);
  tensors.push({ ...rest, name: 'y', role: 'output', shape: yShape, data: y });
  tensors.push({ ...rest, name: 'g', role: 'cotangent', shape: yShape, data: g });
  const objective = () => formula(values).reduce((sum, v, i) => sum + v * g[i], 0);
  for (const [name, shape] of Object.entries(shapes)) {
    if (name === 'projection') continue;
    const x = values[name];
    const data = x.map((start, i) => {
      const h = 2e-4 * Math.max(0.3, Math.abs(start));
      const slope = (by: number) => {
        x[i] = start + by;
        const up = objective();
        x[i] = start - by;
        const down = objective();
        x[i] = start;
        return (up - down) / (2 * by);
      };
      return (4 * slope(h / 2) - slope(h)) / 3;
    });
    tensors.push({ ...rest, name: `grad_${name}`, of: name, role: 'grad', shape, data });
  }
  if (lengths)
    tensors.push({
      ...rest,
      ...{ name: 'key_lengths', dtype: 'i32', role: 'input', shape: [lengths.length], data: Int32Array.from(lengths) },
    });
  const byName = new Map(tensors.map((t) => [t.name, t]));
  return {
    ...{ case: 'made', family, config, notes: '', tensors, has: (name) => byName.has(name) },
    // What the difference quotients are good to.
    tolerance: { f64_rtol: 1e-6, f32_rtol: 1e-4 },
    get: (name) => byName.get(name) as GoldenTensor,
  };
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** Sizes of attention, in the order of the layout: `BLHE` (steps before heads) or `BHLE`. */
interface Heads {
  B: number;
  h: number;
  L: number;
  S: number;
  d: number;
  dv: number;
  stepsFirst: boolean;
  causal: boolean;
  lengths?: number[];
  /** Added to the norm, and to each component of the sum of keys. */
  eps: number;
  keyEps: number;
}

type Features = (x: number[], which: 'q' | 'k', b: number, head: number) => number[];

/** y_i = sum_j (phi_q . phi_k) v_j / (phi_q . (sum_j phi_k + keyEps) + eps), over the keys that i sees. */
function byFeatures(z: Heads, features: Features): Formula {
  const row = (x: Float64Array, steps: number, d: number, b: number, i: number, head: number) => {
    const at = (z.stepsFirst ? (b * steps + i) * z.h + head : (b * z.h + head) * steps + i) * d;
    return Array.from(x.subarray(at, at + d));
  };
  return ({ q, k, v }) => {
    const y = new Float64Array(z.B * z.L * z.h * z.dv);
    for (const b of range(z.B))
      for (const head of range(z.h)) {
        const keys = range(Math.min(z.S, z.lengths?.[b] ?? z.S));
        const phi = keys.map((j) => features(row(k, z.S, z.d, b, j, head), 'k', b, head));
        for (const i of range(z.L)) {
          const own = features(row(q, z.L, z.d, b, i, head), 'q', b, head);
          const seen = keys.filter((j) => !z.causal || j <= i);
          const weights = seen.map((j) => dot(own, phi[j]));
          const norm = weights.reduce((s, w) => s + w, z.eps) + z.keyEps * own.reduce((s, x) => s + x, 0);
          const at = (z.stepsFirst ? (b * z.L + i) * z.h + head : (b * z.h + head) * z.L + i) * z.dv;
          for (const [n, j] of seen.entries())
            row(v, z.S, z.dv, b, j, head).forEach((x, r) => {
              y[at + r] += (weights[n] * x) / norm;
            });
        }
      }
    return y;
  };
}

async function check(name: string, c: GoldenCase): Promise<void> {
  for (const device of devices) {
    const verdict = await runGolden(c, device);
    assert.equal(verdict.status, 'pass', `${name} on ${device.info.id}: ${verdict.reason}`);
  }
}

type LinearOptions = Partial<Heads> & { scale?: number; config?: object };
const linear: Record<string, LinearOptions> = {
  'of one step': { L: 1, S: 1, causal: true, eps: 0.5 },
  'causal with padded keys, one row without any': { causal: true, lengths: [4, 0], eps: 0.1 },
  'causal with fewer keys than queries': { causal: true, S: 5 },
  'causal with more keys than queries': { causal: true, L: 6, S: 11, dv: 1 },
  'not causal, other widths of values, padded': { L: 3, S: 17, d: 5, dv: 7, h: 3, lengths: [16, 2] },
  'of 70 steps, large queries and keys': { B: 1, h: 1, L: 70, S: 70, d: 2, dv: 2, causal: true, scale: 8 },
  'without eps, padding and feature map given': { config: { eps: null, padding: null, feature_map: null } },
  'with another eps': { eps: 0.5, causal: true, config: { eps: 0.5, padding: true } },
};
for (const [name, { scale, config, ...own }] of Object.entries(linear))
  test(`linear attention ${name}`, async () => {
    const sizes = {
      B: 2,
      h: 2,
      L: 9,
      S: 9,
      d: 3,
      dv: 3,
      stepsFirst: true,
      causal: false,
      eps: 1e-6,
      keyEps: 0,
      ...own,
    };
    const { B, h, L, S, d, dv, lengths } = sizes;
    const shapes = { q: [B, L, h, d], k: [B, S, h, d], v: [B, S, h, dv] };
    const phi: Features = (x) => x.map((t) => (t > 0 ? t + 1 : Math.exp(t)));
    const all = { causal: sizes.causal, eps: sizes.eps, ...config };
    const formula = () => byFeatures(sizes, phi);
    await check(name, made('linear-attention', all, shapes, [[B, L, h, dv], formula], { lengths, scale }));
  });

type PerformerOptions = Partial<Heads> & { m?: number; kernel?: string; config?: object; scale?: number };
const performer: Record<string, PerformerOptions> = {
  'relu, causal': { kernel: 'relu', causal: true },
  'relu with another eps': { kernel: 'relu', config: { eps: 0.2 } },
  'softmax, causal, another eps and key eps': { causal: true, keyEps: 0.3, config: { eps: 0.05, causal_eps: 0.3 } },
  'softmax, causal, options absent': { causal: true, config: { eps: null, causal_eps: null, kernel: null } },
  'softmax, fewer features than dimensions': { m: 3, d: 5, h: 3, B: 1, L: 6, S: 6 },
  'softmax, two features, narrow values': { m: 2, dv: 2, config: { eps: 0.1 } },
  'softmax, no eps': { config: { eps: 0 }, B: 1 },
  'softmax, larger queries and keys': { scale: 1.5, config: { eps: 1e-2 } },
  'softmax, one step': { L: 1, S: 1, config: { eps: 0.1 }, keyEps: 0.2, causal: true },
};
for (const [name, { m = 6, kernel = 'softmax', config, scale, ...own }] of Object.entries(performer))
  test(`performer ${name}`, async () => {
    const [causal, L] = [own.causal ?? false, own.L ?? 11];
    const sizes = { B: 2, h: 2, L, S: L, d: 4, dv: own.d ?? 4, stepsFirst: false, causal, eps: 0, keyEps: 0, ...own };
    const { B, h, S, d, dv } = sizes;
    sizes.keyEps = own.keyEps ?? (causal ? 1e-6 : 0);
    const all = { kernel, causal, causal_eps: sizes.keyEps, ...config } as { eps?: number | null };
    const eps = all.eps ?? (kernel === 'relu' ? 1e-3 : 1e-4);
    const shapes = { q: [B, h, L, d], k: [B, h, S, d], v: [B, h, S, dv], projection: [m, d] };
    const formula = (start: Values) => {
      const W = range(m).map((r) => Array.from(start.projection.subarray(r * d, (r + 1) * d)));
      const scores = (x: number[]) => W.map((w) => dot(w, x) / d ** 0.25);
      // The maxima at the start: constants of the gradient.
      const most = new Map<string, number>();
      const held = (key: string, value: () => number) => most.get(key) ?? (most.set(key, value()).get(key) as number);
      const frozen = { q: Float64Array.from(start.q), k: Float64Array.from(start.k) };
      const vectors = (x: Float64Array, b: number, head: number, n: number) =>
        range(n).map((i) => Array.from(x.subarray(((b * h + head) * n + i) * d, ((b * h + head) * n + i + 1) * d)));
      let turn = 0;
      const phi: Features = (x, which, b, head) => {
        const s = scores(x);
        if (kernel === 'relu') return s.map((t) => Math.max(t, 0) + eps);
        const top =
          which === 'k'
            ? held(`k${b} ${head}`, () => Math.max(...vectors(frozen.k, b, head, S).flatMap(scores)))
            : held(`q${b} ${head} ${turn % L}`, () => Math.max(...scores(vectors(frozen.q, b, head, L)[turn % L])));
        if (which === 'q') turn++; // queries are asked for in order, all of them in every evaluation
        return s.map((t) => (Math.exp(t - dot(x, x) / (2 * Math.sqrt(d)) - top) + eps) / Math.sqrt(m));
      };
      return byFeatures(sizes, phi);
    };
    await check(name, made('performer', all, shapes, [[B, h, L, dv], formula], { scale }));
  });

interface LinformerOptions {
  L?: number;
  n?: number;
  k?: number;
  heads?: number;
  d?: number;
  one?: boolean;
  shared?: boolean;
  absent?: boolean;
}
const linformer: Record<string, LinformerOptions> = {
  'one key head, values of their own': { one: true, heads: 3 },
  'one key head, values are keys, shorter than its projections': { one: true, shared: true, n: 13 },
  'values are keys, heads wider than the model': { shared: true, d: 5 },
  'one head, options absent': { heads: 1, absent: true },
  'of one step': { L: 1, n: 9, k: 3 },
  'of more columns than steps': { k: 15, n: 8 },
};
for (const [name, o] of Object.entries(linformer))
  test(`linformer ${name}`, async () => {
    const { L = 8, n = L, k = 4, heads = 2, d = 3, one = false, shared = false, absent = false } = o;
    const [B, H] = [2, 4];
    const [inner, wide] = [heads * d, one ? d : heads * d];
    const shapes: Record<string, number[]> = {
      ...{ x: [B, L, H], proj_k: [n, k], 'to_q.weight': [inner, H], 'to_k.weight': [wide, H] },
      ...(shared ? {} : { 'to_v.weight': [wide, H], proj_v: [n, k] }),
      ...{ 'to_out.weight': [H, inner], 'to_out.bias': [H] },
    };
    const flags = absent ? {} : { one_kv_head: one, share_kv: shared };
    const config = { B, L, d_model: H, n_max: n, k, heads, d_head: d, ...flags, grad_of: 'y' };
    const formula: Formula = (p) => {
      const y = new Float64Array(B * L * H);
      const step = (b: number, l: number) => Array.from(p.x.subarray((b * L + l) * H, (b * L + l + 1) * H));
      const mapped = (w: Float64Array, x: number[]) =>
        range(w.length / x.length).map((r) => dot(Array.from(w.subarray(r * x.length, (r + 1) * x.length)), x));
      for (const b of range(B)) {
        /** (kappa, wide): every step mapped, then combined. */
        const combined = (w: Float64Array, projection: Float64Array) => {
          const out = range(k).map(() => new Array<number>(wide).fill(0));
          for (const l of range(L))
            mapped(w, step(b, l)).forEach((x, r) => {
              for (const c of range(k)) out[c][r] += projection[l * k + c] * x;
            });
          return out;
        };
        const keys = combined(p['to_k.weight'], p.proj_k);
        const values = shared ? keys : combined(p['to_v.weight'], p.proj_v);
        for (const l of range(L)) {
          const q = mapped(p['to_q.weight'], step(b, l));
          const o = range(heads).flatMap((head) => {
            const at = one ? 0 : head * d;
            const s = keys.map((key) => dot(q.slice(head * d, (head + 1) * d), key.slice(at, at + d)) / Math.sqrt(d));
            const e = s.map((x) => Math.exp(x - Math.max(...s)));
            const sum = e.reduce((a, x) => a + x, 0);
            return range(d).map((r) => e.reduce((a, x, c) => a + (x / sum) * values[c][at + r], 0));
          });
          y.set(
            mapped(p['to_out.weight'], o).map((x, r) => x + p['to_out.bias'][r]),
            (b * L + l) * H,
          );
        }
      }
      return y;
    };
    await check(name, made('linformer', config, shapes, [[B, L, H], () => formula]));
  });

test('options that do not exist are refused by name', async () => {
  const [device] = devices;
  const qkv = { q: [1, 2, 1, 2], k: [1, 2, 1, 2], v: [1, 2, 1, 2] };
  const y: [number[], () => Formula] = [[1, 2, 1, 2], () => () => new Float64Array(4)];
  for (const [family, config, reason] of [
    ['linear-attention', { feature_map: 'sine' }, /feature_map = "sine"/],
    ['linear-attention', { decay: 0.5 }, /no option "decay"/],
    ['performer', { kernel: 'cosine' }, /kernel = "cosine"/],
    ['linformer', { parameter_sharing: 'layerwise' }, /no option "parameter_sharing"/],
  ] as const) {
    const verdict = await runGolden(made(family, config, qkv, y), device);
    assert.equal(verdict.status, 'unsupported');
    assert.match(verdict.reason, reason);
  }
});
