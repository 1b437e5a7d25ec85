/** Mega and RWKV-4 in combinations of options that no stored case has, against their definitions in plain loops. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { erf } from '../../kernels/numerics/special.ts';
import * as mega from './families/mega.ts';
import * as rwkv from './families/rwkv.ts';
import { UnsupportedCase } from './golden.ts';
import { checkQuotients, quotientCase, type Values } from './quotient-case.ts';

const devices = [await openDevice('reference'), await openDevice('cpu')];

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const silu = (x: number) => x * sigmoid(x);
const sum = (n: number, f: (i: number) => number) => {
  let total = 0;
  for (let i = 0; i < n; i++) total += f(i);
  return total;
};
const list = (n: number, f: (i: number) => number) => Array.from({ length: n }, (_, i) => f(i));

interface MegaOptions {
  attention?: string | null;
  rel_pos_bias?: string;
  causal?: boolean | null;
  bidirectional: boolean;
  chunk_size?: number | null;
  prenorm?: boolean;
  truncation?: number | null;
}

interface Sizes {
  L: number;
  B: number;
  D: number;
  Z: number;
  E: number;
  n: number;
  /** Longest sequence. */
  M: number;
}

/** The moving average of one sequence, x[l][d]; `pad[l]` true where a step is padding. */
function ema(x: number[][], v: Values, at: string, o: MegaOptions, { D, n }: Sizes, pad: boolean[]): number[][] {
  const L = x.length;
  const taps = o.truncation ? Math.min(o.truncation, L) : L;
  const tap = (row: number, l: number) =>
    sum(n, (j) => {
      const i = row * n + j;
      const p = sigmoid(v[`${at}delta`][i]);
      const q = 1 - p * sigmoid(v[`${at}alpha`][i]);
      return Math.sqrt(1 / n) * p * v[`${at}beta`][i] * v[`${at}gamma`][i] * q ** l;
    });
  return x.map((row, l) =>
    row.map((now, d) => {
      let y = v[`${at}omega`][d] * now;
      for (let s = 0; s < L; s++) {
        if (pad[s]) continue;
        if (s <= l && l - s < taps) y += tap(d, l - s) * x[s][d];
        if (o.bidirectional && s >= l && s - l < taps) y += tap(D + d, s - l) * x[s][d];
      }
      return silu(y);
    }),
  );
}

/** b[i, j] of a chunk. */
function position(v: Values, simple: boolean, i: number, j: number, { Z }: Sizes): number {
  if (simple) {
    const w = v['rel_pos_bias.rel_pos_bias'];
    return w[j - i + (w.length - 1) / 2];
  }
  const turned = (x: Float64Array, at: number) =>
    list(Z, (h) => {
      const angle = at * 10000 ** (-(h % (Z / 2)) / (Z / 2));
      const [x1, x2] = [x[h % (Z / 2)], x[(h % (Z / 2)) + Z / 2]];
      return h < Z / 2 ? x1 * Math.cos(angle) - x2 * Math.sin(angle) : x2 * Math.cos(angle) + x1 * Math.sin(angle);
    });
  const [a, b] = [turned(v['rel_pos_bias.alpha'], i), turned(v['rel_pos_bias.beta'], j)];
  return sum(Z, (h) => a[h] * b[h]);
}

function weights(scores: number[], seen: boolean[], kind: string): number[] {
  if (kind === 'softmax') {
    const e = scores.map((s, j) => (seen[j] ? Math.exp(s) : 0));
    const total = e.reduce((a, b) => a + b, 0);
    return e.map((x) => x / total);
  }
  const f = (s: number) =>
    // biome-ignore lint/suspicious/noApproximativeNumericConstant: the paper rounds it
    kind === 'relu2' ? Math.max(s, 0) ** 2 : 0.5 * (1 + erf((s - 0.707107) / (0.282095 * Math.SQRT2)));
  return scores.map((s, j) => (seen[j] ? f(s) : 0));
}

function layer(v: Values, o: MegaOptions, z: Sizes, padding: number[][]): Float64Array {
  const { L, B, D, Z, E } = z;
  const kind = o.attention ?? 'softmax';
  const y = new Float64Array(L * B * D);
  const map = (name: string, x: number[], from: number, rows: number) =>
    list(
      rows,
      (r) => v[`${name}.bias`][from + r] + sum(x.length, (i) => v[`${name}.weight`][(from + r) * x.length + i] * x[i]),
    );
  const norm = (x: number[]) => {
    const mean = sum(D, (d) => x[d]) / D;
    const variance = sum(D, (d) => (x[d] - mean) ** 2) / D;
    return x.map((a, d) => ((a - mean) / Math.sqrt(variance + 1e-5)) * v['norm.weight'][d] + v['norm.bias'][d]);
  };
  for (let b = 0; b < B; b++) {
    const pad = list(L, (l) => padding[b]?.[l] ?? 0).map(Boolean);
    const x0 = Array.from({ length: L }, (_, l) => list(D, (d) => v.x[(l * B + b) * D + d]));
    const x = (o.prenorm ?? true) ? x0.map(norm) : x0;
    const m = ema(x, v, 'move.', o, z, pad);
    const value = x.map((row) => map('v_proj', row, 0, E).map(silu));
    const q = m.map((row) => map('mx_proj', row, D, Z).map((a, i) => silu(a) * v.gamma[i] + v.beta[i]));
    const k = m.map((row) => map('mx_proj', row, D, Z).map((a, i) => silu(a) * v.gamma[Z + i] + v.beta[Z + i]));
    const c = o.chunk_size && o.chunk_size > 0 ? o.chunk_size : L;
    for (let l = 0; l < L; l++) {
      const first = Math.floor(l / c) * c;
      const size = Math.min(c, L - first);
      const i = l - first;
      const hidden = pad.slice(first, first + size);
      const real = hidden.filter((h) => !h).length;
      const open = kind === 'softmax' && real === 0;
      const seen = hidden.map((h, j) => (open || !h) && !(o.causal && j > i));
      const scale = kind === 'softmax' ? 1 / Math.sqrt(Z) : 1 / (o.causal ? i + 1 : Math.max(1, real));
      const scores = list(
        size,
        (j) => scale * sum(Z, (a) => q[l][a] * k[first + j][a]) + position(v, o.rel_pos_bias !== 'rotary', i, j, z),
      );
      const A = weights(scores, seen, kind);
      const r = map('mx_proj', m[l], D + Z, E).map(silu);
      const attended = list(E, (e) => r[e] * sum(size, (j) => A[j] * value[first + j][e]));
      const out = map('h_proj', attended, 0, D);
      const h = map('mx_proj', m[l], D + Z + E, D).map((a, d) => silu(a + out[d]));
      const u = map('mx_proj', m[l], 0, D).map(sigmoid);
      const sums = x0[l].map((a, d) => a + u[d] * (h[d] - a));
      const done = (o.prenorm ?? true) ? sums : norm(sums);
      for (let d = 0; d < D; d++) y[(l * B + b) * D + d] = done[d];
    }
  }
  return y;
}

const z: Sizes = { L: 6, B: 2, D: 3, Z: 2, E: 3, n: 2, M: 7 };

function shapes(o: MegaOptions, { L, B, D, Z, E, n, M }: Sizes): Record<string, number[]> {
  const rows = o.bidirectional ? 2 * D : D;
  const positions = o.chunk_size && o.chunk_size > 0 ? o.chunk_size : M;
  return {
    x: [L, B, D],
    gamma: [2, Z],
    beta: [2, Z],
    'norm.weight': [D],
    'norm.bias': [D],
    'move.delta': [rows, n, 1],
    'move.alpha': [rows, n, 1],
    'move.beta': [rows, n, 1],
    'move.gamma': [rows, n],
    'move.omega': [D],
    'v_proj.weight': [E, D],
    'v_proj.bias': [E],
    'mx_proj.weight': [2 * D + Z + E, D],
    'mx_proj.bias': [2 * D + Z + E],
    'h_proj.weight': [D, E],
    'h_proj.bias': [D],
    ...(o.rel_pos_bias === 'rotary'
      ? { 'rel_pos_bias.alpha': [1, Z], 'rel_pos_bias.beta': [1, Z] }
      : { 'rel_pos_bias.rel_pos_bias': [2 * positions - 1] }),
  };
}

/** At the end; and anywhere, with a chunk of nothing else. */
const masks: Record<string, number[][]> = {
  none: [],
  end: [
    [0, 0, 0, 0, 0, 1],
    [0, 0, 0, 1, 1, 1],
  ],
  anywhere: [
    [0, 1, 0, 1, 1, 1],
    [0, 0, 1, 0, 1, 0],
  ],
};

async function check(o: MegaOptions, sizes: Sizes, mask: number[][], gradients = true): Promise<void> {
  const c = quotientCase({
    family: 'mega',
    config: { ...o, padding: mask.length > 0, op: 'layer' },
    shapes: shapes(o, sizes),
    integers: mask.length ? { padding_mask: { shape: [sizes.B, sizes.L], data: mask.flat() } } : {},
    // Scores where all three weightings have weight and slope: elsewhere gradients drown in the quotients' rounding.
    law: (name, x) =>
      name.startsWith('rel_pos_bias') ? 0.3 * x + 0.6 : name === 'gamma' || name === 'beta' ? 0.5 * x : x,
    formula: (v) => layer(v, o, sizes, mask),
    // A gate that is nearly shut leaves gradients of 1e-4 and less; a norm over 3 channels may divide by little.
    limits: { f64_rtol: 1e-5, f32_rtol: 2e-3 },
    gradients,
  });
  await checkQuotients(c, mega, devices);
}

for (const attention of ['softmax', 'laplace', 'relu2'])
  for (const rel_pos_bias of ['simple', 'rotary'])
    test(`mega: ${attention}, ${rel_pos_bias} bias, with every other option`, async () => {
      for (const [at, mask] of Object.values(masks).entries())
        for (const bits of list(16, (i) => i)) {
          const [causal, bidirectional, prenorm, chunked] = [1, 2, 4, 8].map((b) => (bits & b) !== 0);
          const options = { causal, bidirectional, prenorm, chunk_size: chunked ? 3 : -1 };
          await check({ attention, rel_pos_bias, ...options }, z, mask, (7 * at + bits) % 4 === 0);
        }
    });

test('mega: options left out, null, truncation, wider sizes, a last chunk that is shorter', async () => {
  await check({ bidirectional: true }, z, []);
  await check(
    { bidirectional: false, attention: null, causal: null, chunk_size: null, truncation: null },
    z,
    masks.end,
  );
  await check({ bidirectional: true, truncation: 3 }, { ...z, n: 1 }, masks.anywhere);
  await check({ bidirectional: false, truncation: 40, chunk_size: 4, causal: true }, { ...z, L: 11, M: 11 }, []);
  await check(
    { bidirectional: true, rel_pos_bias: 'rotary', chunk_size: 5, attention: 'laplace' },
    { L: 9, B: 1, D: 4, Z: 6, E: 1, n: 3, M: 9 },
    [],
  );
  await check({ bidirectional: false, chunk_size: 8 }, { ...z, L: 1, B: 1, M: 1 }, []);
});

test('mega: the average alone, one-sided and two-sided, padded and cut', async () => {
  for (const bidirectional of [false, true])
    for (const truncation of [null, 4])
      for (const padding of [[], masks.end]) {
        const sizes = { ...z, n: 3, D: 3 };
        const rows = bidirectional ? 6 : 3;
        const names = { delta: [rows, 3, 1], alpha: [rows, 3, 1], beta: [rows, 3, 1], gamma: [rows, 3], omega: [3] };
        const formula = (v: Values) => {
          const y = new Float64Array(6 * 2 * 3);
          for (let b = 0; b < 2; b++) {
            const x = Array.from({ length: 6 }, (_, l) => list(3, (d) => v.x[(l * 2 + b) * 3 + d]));
            const pad = list(6, (l) => padding[b]?.[l] ?? 0).map(Boolean);
            for (const [l, row] of ema(x, v, '', { bidirectional, truncation }, sizes, pad).entries())
              for (const [d, value] of row.entries()) y[(l * 2 + b) * 3 + d] = value;
          }
          return y;
        };
        const c = quotientCase({
          family: 'mega',
          config: { bidirectional, truncation },
          shapes: { x: [6, 2, 3], ...names },
          integers: padding.length ? { padding_mask: { shape: [2, 6], data: padding.flat() } } : {},
          formula,
        });
        await checkQuotients(c, mega, devices);
      }
});

/** Every step a softmax of its own. */
function average([B, T, C]: number[], k: Float64Array, v: Float64Array, decay: Float64Array, first: Float64Array) {
  return Float64Array.from({ length: B * T * C }, (_, at) => {
    const c = at % C;
    const t = Math.floor(at / C) % T;
    const step = (i: number) => at - (t - i) * C;
    const log = list(t + 1, (i) => k[step(i)] + (i < t ? -(t - 1 - i) * Math.exp(decay[c]) : first[c]));
    const top = Math.max(...log);
    const e = log.map((x) => Math.exp(x - top));
    return sum(t + 1, (i) => e[i] * v[step(i)]) / sum(t + 1, (i) => e[i]);
  });
}

/** Each step of x mixed with the one before, then a map. */
function mapped([B, T, C]: number[], x: Float64Array, m: Float64Array, w: Float64Array): Float64Array {
  const out = w.length / C;
  return Float64Array.from({ length: B * T * out }, (_, at) => {
    const row = Math.floor(at / out);
    const past = (c: number) => (row % T > 0 ? x[(row - 1) * C + c] : 0);
    return sum(C, (c) => w[(at % out) * C + c] * (m[c] * x[row * C + c] + (1 - m[c]) * past(c)));
  });
}

test('rwkv: the operator at other sizes, with large keys and bonuses', async () => {
  for (const [shape, scale] of [
    [[1, 1, 1], 1],
    [[2, 3, 5], 1],
    [[1, 34, 2], 1],
    [[2, 9, 17], 30],
  ] as [number[], number][]) {
    const C = [shape[2]];
    const c = quotientCase({
      family: 'rwkv',
      config: { op: 'wkv', k_scale: scale },
      shapes: { k: shape, v: shape, time_decay: C, time_first: C },
      like: 'k',
      law: (name, x) => (name === 'k' || name === 'time_first' ? scale * x : x),
      formula: (v) => average(shape, v.k, v.v, v.time_decay, v.time_first),
    });
    await checkQuotients(c, rwkv, devices);
  }
});

test('rwkv: time mix and channel mix at other sizes', async () => {
  const mix = (names: string[], C: number) => Object.fromEntries(names.map((n) => [`time_mix_${n}`, [1, 1, C]]));
  for (const shape of [
    [1, 1, 1],
    [2, 5, 3],
  ]) {
    const [, , C] = shape;
    const square = Object.fromEntries(['key', 'value', 'receptance', 'output'].map((n) => [`${n}.weight`, [C, C]]));
    const time = quotientCase({
      family: 'rwkv',
      config: { op: 'time-mix' },
      shapes: { x: shape, time_decay: [C], time_first: [C], ...mix(['k', 'v', 'r'], C), ...square },
      formula: (v) => {
        const [k, value, r] = ['key', 'value', 'receptance'].map((n) =>
          mapped(shape, v.x, v[`time_mix_${n === 'key' ? 'k' : n[0]}`], v[`${n}.weight`]),
        );
        const wkv = average(shape, k, value, v.time_decay, v.time_first);
        const gated = wkv.map((a, i) => a * sigmoid(r[i]));
        return mapped(shape, gated, new Float64Array(C).fill(1), v['output.weight']);
      },
    });
    await checkQuotients(time, rwkv, devices);
    for (const inner of [4 * C, 3]) {
      const channel = quotientCase({
        family: 'rwkv',
        config: { op: 'channel-mix', layer_id: 3 },
        shapes: {
          ...{ x: shape, ...mix(['k', 'r'], C), 'key.weight': [inner, C] },
          ...{ 'receptance.weight': [C, C], 'value.weight': [C, inner] },
        },
        formula: (v) => {
          const k = mapped(shape, v.x, v.time_mix_k, v['key.weight']).map((a) => Math.max(a, 0) ** 2);
          const r = mapped(shape, v.x, v.time_mix_r, v['receptance.weight']);
          const out = mapped([shape[0], shape[1], inner], k, new Float64Array(inner).fill(1), v['value.weight']);
          return out.map((a, i) => a * sigmoid(r[i]));
        },
      });
      await checkQuotients(channel, rwkv, devices);
    }
  }
});

test('what Mega and RWKV do not know is said', async () => {
  const formula = () => new Float64Array(8);
  const strange = (family: string, config: object) =>
    quotientCase({ family, config: { ...config }, shapes: { x: [2, 2, 2] }, formula });
  for (const config of [{ attention: 'cosine' }, { rel_pos_bias: 'alibi' }, { dropout: 0.1 }, { heads: 2 }])
    await assert.rejects(mega.run(strange('mega', config), devices[0]), UnsupportedCase);
  await assert.rejects(rwkv.run(strange('rwkv', { op: 'time-mix-v5' }), devices[0]), UnsupportedCase);
});
