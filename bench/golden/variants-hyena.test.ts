/** Hyena with options that no stored case has, against its formulas written out as sums. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { run } from './families/hyena.ts';
import type { GoldenCase } from './golden.ts';
import { judge, type Made, madeCase, type Values } from './made-case.ts';

const reference = await openDevice('reference');

interface Option {
  L: number;
  T: number;
  D: number;
  O: number;
  E: number;
  F?: number;
  inner?: number;
  K?: number;
  /** The full class's order of kernels. */
  full?: boolean;
  config?: Record<string, unknown>;
}

function caseOf({ L, T, D, O, E, F = 4, inner = 2, K = 3, full, config = {} }: Option): GoldenCase {
  const wide = (O + 1) * D;
  const rows = (O - 1) * D;
  const net = 'filter_fn.implicit_filter';
  const shapes: Record<string, Made> = {
    u: { shape: [2, L, D] },
    'in_proj.weight': { shape: [wide, D] },
    'in_proj.bias': { shape: [wide] },
    'out_proj.weight': { shape: [D, D] },
    'out_proj.bias': { shape: [D] },
    'short_filter.weight': { shape: [wide, 1, K] },
    'short_filter.bias': { shape: [wide] },
    'filter_fn.bias': { shape: [rows] },
    'filter_fn.pos_emb.z': { shape: [1, T, E] },
    [`${net}.1.freq`]: { shape: [1, F], scale: 0.2, shift: 2 },
    g: { shape: [2, L, D], role: 'cotangent' },
  };
  for (let i = 0; i <= inner; i++) {
    shapes[`${net}.${2 * i}.weight`] = { shape: [F, i === 0 ? E : F], scale: 0.5 };
    shapes[`${net}.${2 * i}.bias`] = { shape: [F], scale: 0.5 };
  }
  shapes[`${net}.${2 * inner + 2}.weight`] = { shape: [rows, F], scale: 0.7 };
  const sizes = { B: 2, L, l_max: T, d_model: D, order: O, emb_dim: E, filter_order: F };
  return madeCase('hyena', { ...sizes, ...(full ? { num_heads: 1 } : {}), ...config }, shapes);
}

/** The network's output under its window, (j, channel of the case). */
function filterOf(values: Values, o: Option): number[][] {
  const { L, T, D, O, E, F = 4, inner = 2, config = {} } = o;
  const rows = (O - 1) * D;
  const net = (i: number, what: string) => values(`filter_fn.implicit_filter.${i}.${what}`);
  const {
    modulate = true,
    shift = 0,
    fast_decay_pct = 0.3,
    slow_decay_pct = 1.5,
    target = 0.01,
  } = config as {
    modulate?: boolean;
    shift?: number;
    fast_decay_pct?: number;
    slow_decay_pct?: number;
    target?: number;
  };
  const [first, last] = [Math.log(target) / slow_decay_pct, Math.log(target) / fast_decay_pct];
  return Array.from({ length: L }, (_, j) => {
    let h = Array.from({ length: E }, (_, e) => values('filter_fn.pos_emb.z')[j * E + e]);
    for (let i = 0; i <= inner; i++)
      h = Array.from({ length: F }, (_, f) => {
        const sum = h.reduce((s, x, e) => s + net(2 * i, 'weight')[f * h.length + e] * x, net(2 * i, 'bias')[f]);
        return Math.sin(net(1, 'freq')[f] * sum);
      });
    return Array.from({ length: rows }, (_, c) => {
      const k = h.reduce((s, x, f) => s + net(2 * inner + 2, 'weight')[c * F + f] * x, 0);
      const delta = rows === 1 ? first : first + ((last - first) * c) / (rows - 1);
      const t = T === 1 ? 0 : j / (T - 1);
      return modulate ? k * (Math.exp(-t * Math.abs(delta)) + shift) : k;
    });
  });
}

function plain(o: Option): (values: Values) => number[] {
  const { L, D, O, K = 3, full } = o;
  return (values) => {
    const k = filterOf(values, o);
    const row = (i: number, d: number) => (full ? d * (O - 1) + i : i * D + d);
    const y: number[] = [];
    for (let b = 0; b < 2; b++) {
      const p = Array.from({ length: (O + 1) * D }, (_, c) => {
        const projected = Array.from({ length: L }, (_, l) => {
          let s = values('in_proj.bias')[c];
          for (let i = 0; i < D; i++) s += values('in_proj.weight')[c * D + i] * values('u')[(b * L + l) * D + i];
          return s;
        });
        return projected.map((_, l) => {
          let s = values('short_filter.bias')[c];
          for (let j = 0; j < K; j++) s += values('short_filter.weight')[c * K + j] * (projected[l - K + 1 + j] ?? 0);
          return s;
        });
      });
      const gated = Array.from({ length: D }, (_, d) => {
        let v = p[O * D + d];
        for (let i = O - 1; i >= 1; i--) {
          const c = row(O - 1 - i, d);
          const z = v.map((x, l) => x * p[i * D + d][l]);
          v = z.map((x, l) => {
            let s = values('filter_fn.bias')[c] * x;
            for (let m = 0; m <= l; m++) s += k[m][c] * z[l - m];
            return s;
          });
        }
        return v.map((x, l) => x * p[d][l]);
      });
      for (let l = 0; l < L; l++)
        for (let i = 0; i < D; i++) {
          let s = values('out_proj.bias')[i];
          for (let d = 0; d < D; d++) s += values('out_proj.weight')[i * D + d] * gated[d][l];
          y.push(s);
        }
    }
    return y;
  };
}

const options: [string, Option][] = [
  ['order 4, standalone', { L: 9, T: 9, D: 3, O: 4, E: 3 }],
  ['order 4, full, fewer steps than the filter knows', { L: 9, T: 16, D: 3, O: 4, E: 7, full: true }],
  [
    'order 3, full, a shift and other decays',
    {
      L: 8,
      T: 8,
      D: 2,
      O: 3,
      E: 5,
      full: true,
      config: { shift: 0.3, fast_decay_pct: 0.5, slow_decay_pct: 1, target: 0.1, activation: 'id' },
    },
  ],
  [
    'no window, no inner map, five taps',
    { L: 10, T: 12, D: 2, O: 2, E: 3, inner: 0, K: 5, config: { modulate: false } },
  ],
  ['three inner maps, one tap', { L: 7, T: 7, D: 2, O: 2, E: 33, inner: 3, K: 1, config: { num_inner_mlps: 3 } }],
  ['one step of one channel', { L: 1, T: 1, D: 1, O: 2, E: 3 }],
];
for (const [name, o] of options)
  test(`Hyena: ${name}`, async () => {
    const c = caseOf(o);
    const result = await run(c, reference);
    const want = filterOf((n) => c.get(n).data, o).flat();
    assert.ok(relativeError(result.computed.get('filter') ?? [], want) < 1e-12);
    judge(c, result, plain(o));
  });

test('options that Hyena does not have are refused by name', async () => {
  const heads = caseOf({ L: 4, T: 4, D: 2, O: 2, E: 3, full: true, config: { num_heads: 2 } });
  await assert.rejects(run(heads, reference), /does not support num_heads = 2/);
  const other = caseOf({ L: 4, T: 4, D: 2, O: 2, E: 3, config: { rotary: true } });
  await assert.rejects(run(other, reference), /no option "rotary"/);
});
