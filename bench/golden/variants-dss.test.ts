/**
 * DSS, GSS and BiGS at options and sizes that no stored case has: the adapters against loops over time written out here,
 * their gradients against central differences of those loops.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDevice } from '../../kernels/device/registry.ts';
import { erf } from '../../kernels/numerics/special.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream } from '../../kernels/tensor/random.ts';
import { type DssVersion, dssVersions } from '../../models/mixers/dss.ts';
import { skewModes } from '../../models/state-space/initial.ts';
import { run as bigs } from './families/bigs.ts';
import { run as dss } from './families/dss.ts';
import { run as gss } from './families/gss.ts';
import { type GoldenCase, type GoldenFamily, type GoldenTensor, goldenFiles, readGolden } from './golden.ts';

const reference = await openDevice('reference');
const cpu = await openDevice('cpu');
const stream = new Stream(21, 'variants');

type Values = Record<string, Float64Array>;
type Shapes = Record<string, number[]>;
const size = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);
const normals = (shapes: Shapes): Values =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, stream.normals(size(shape))]));

/** A case of these values, with a gradient asked for of every one. */
function made(family: string, config: object, shapes: Shapes, values: Values, y: number[]): GoldenCase {
  const tensor = (name: string, shape: number[], data: Float64Array, role: GoldenTensor['role']): GoldenTensor => ({
    ...{ name, shape, data, role, dtype: 'f64', complex: false, offset: 0, nbytes: 0 },
  });
  const params = Object.entries(shapes).map(([name, shape]) => tensor(name, shape, values[name], 'param'));
  const grads = params.map((p) => ({ ...p, name: `grad_${p.name}`, role: 'grad' as const, of: p.name }));
  const tensors = [...params, ...grads, tensor('g', y, stream.normals(size(y)), 'cotangent')];
  const get = (name: string) => tensors.find((t) => t.name === name) as GoldenTensor;
  const tolerance = { f64_rtol: 1e-9, f32_rtol: 1e-4 };
  const has = (name: string) => tensors.some((t) => t.name === name);
  return { case: 'made', family, config, notes: '', tolerance, tensors, get, has };
}

/** The adapter's output and gradients against `formula` and its central differences along a random direction. */
async function compare(
  { run }: GoldenFamily,
  c: GoldenCase,
  values: Values,
  output: string,
  formula: (v: Values) => ArrayLike<number>,
): Promise<void> {
  const { computed } = await run(c, reference);
  const want = formula(values);
  const error = relativeError(computed.get(output) ?? [], want);
  assert.ok(error < 1e-11, `${output} is off by ${error}`);
  const single = await run(c, cpu);
  for (const [name, x] of single.computed) {
    const off = relativeError(x, computed.get(name) ?? []);
    assert.ok(off < c.tolerance.f32_rtol, `${name} on the CPU is off by ${off}`);
  }
  const g = c.get('g').data;
  for (const [name, x] of Object.entries(values)) {
    const v = stream.normals(x.length);
    const loss = (h: number) => {
      const y = formula({ ...values, [name]: x.map((a, i) => a + h * v[i]) });
      return Array.from(y).reduce((sum, a, i) => sum + g[i] * a, 0);
    };
    const slope = (h: number) => (loss(h) - loss(-h)) / (2 * h);
    const numeric = (4 * slope(5e-6) - slope(1e-5)) / 3;
    const grad = computed.get(`grad_${name}`) ?? [];
    const norm = Math.hypot(...Array.from(grad)) * Math.hypot(...v);
    const got = Array.from(grad).reduce((sum, a, i) => sum + a * v[i], 0);
    assert.ok(Math.abs(got - numeric) < 1e-6 * Math.max(norm, 1e-6), `grad_${name}: ${got}, not ${numeric}`);
  }
}

/** Re of (W (e^x - 1)/lambda or W or the row-normalised W) e^{x l}. */
function tap(W: [number, number], lambda: [number, number], x: [number, number], l: number, kind: string, L: number) {
  const mul = (a: number[], b: number[]) => [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
  const power = (m: number) => [Math.exp(x[0] * m) * Math.cos(x[1] * m), Math.exp(x[0] * m) * Math.sin(x[1] * m)];
  let k: number[] = W;
  if (kind !== 'none') {
    const e = power(1);
    let below: number[] = lambda;
    if (kind === 'softmax') {
      const last = power(L);
      below = mul([last[0] - 1, last[1]], lambda);
    }
    const D = below[0] ** 2 + below[1] ** 2 + (kind === 'softmax' ? 1e-7 : 0);
    k = mul(mul(W, [e[0] - 1, e[1]]), [below[0] / D, -below[1] / D]);
  }
  return mul(k, power(l))[0];
}

function dssFormula(version: DssVersion, [C, H, N, L]: number[], steps: number, v: Values): Float64Array {
  const K = new Float64Array(C * H * L);
  const kind = version === 'softmax' ? 'softmax' : version.endsWith('no-scale') ? 'none' : 'zoh';
  for (let row = 0; row < C * H; row++)
    for (let n = 0; n < N; n++) {
      const h = row % H;
      const step = (part: number) => Math.exp(v.log_dt[steps === 2 ? 2 * h + part : h]);
      let re = v.Lambda ? v.Lambda[2 * n] : -Math.exp(v.Lambda_log_neg_re[n]);
      if (version.startsWith('clip')) re = Math.min(re, 1e-4);
      const im = v.Lambda ? v.Lambda[2 * n + 1] : v.Lambda_log_im ? Math.exp(v.Lambda_log_im[n]) : v.Lambda_im[n];
      const at = 2 * (row * N + n);
      const W: [number, number] = [v.W[at], v.W[at + 1]];
      for (let l = 0; l < L; l++) K[row * L + l] += tap(W, [re, im], [step(0) * re, step(1) * im], l, kind, L);
    }
  return K;
}

for (const version of dssVersions)
  for (const separate of [true, false])
    test(`DSS ${version}, ${separate ? 'a step for each part' : 'one step'}, several channels`, async () => {
      const sizes = [3, 2, 5, 29];
      const [C, H, N, L] = sizes;
      const shapes: Shapes = { log_dt: separate ? [H, 2] : [H], W: [C, H, N, 2] };
      if (version === 'softmax' || version.startsWith('clip')) shapes.Lambda = [N, 2];
      else {
        shapes.Lambda_log_neg_re = [N];
        shapes[version === 'exp-re-im' ? 'Lambda_log_im' : 'Lambda_im'] = [N];
      }
      const values = normals(shapes);
      values.log_dt = values.log_dt.map((x) => x / 2 - 2);
      // Growing modes have a gradient that is no derivative (kernels/ops/dss-kernel/dss-kernel.test.ts).
      if (version === 'softmax') values.Lambda = values.Lambda.map((x, i) => (i % 2 === 0 ? -Math.abs(x) - 0.1 : x));
      const c = made('dss', { version, H, N, L, sep_dt_re_im: separate }, shapes, values, [C, H, L]);
      await compare({ run: dss }, c, values, 'K', (v) => dssFormula(version, sizes, separate ? 2 : 1, v));
    });

test('DSS: an absent version is softmax, an unknown one is refused', async () => {
  const shapes = { log_dt: [2, 2], W: [1, 2, 3, 2], Lambda: [3, 2] };
  const values = normals(shapes);
  const [absent, given] = await Promise.all(
    [{ L: 9 }, { L: 9, version: 'softmax' }].map(async (config) =>
      Array.from((await dss(made('dss', config, shapes, values, [1, 2, 9]), reference)).computed.get('K') ?? []),
    ),
  );
  assert.deepEqual(absent, given);
  const odd = made('dss', { L: 9, version: 'sech' }, shapes, values, [1, 2, 9]);
  await assert.rejects(dss(odd, reference), /does not support version = "sech"/);
});

const gelu = (x: number): number => (x / 2) * (1 + erf(x / Math.SQRT2));

/** y[l, o] = sum_i W[o, i] x[l, i] + b[o]; W has the length of x's rows and b's. */
function dense(x: number[][], W: Float64Array, b: Float64Array | null): number[][] {
  const inputs = x[0].length;
  return x.map((row) =>
    Array.from({ length: W.length / inputs }, (_, o) =>
      row.reduce((sum, v, i) => sum + W[o * inputs + i] * v, b ? b[o] : 0),
    ),
  );
}

function norm(x: number[][], weight: Float64Array, bias: Float64Array, eps: number): number[][] {
  return x.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
    return row.map((v, i) => ((v - mean) / Math.sqrt(variance + eps)) * weight[i] + bias[i]);
  });
}

/** y[t, h] = sum_{l <= t} K(h, l) x[t-l, h] + D(h) x[t, h]. */
const causal = (x: number[][], K: (h: number, l: number) => number, D: (h: number) => number): number[][] => {
  const taps = x[0].map((_, h) => x.map((_, l) => K(h, l)));
  return x.map((row, t) =>
    row.map((v, h) => {
      let sum = D(h) * v;
      for (let l = 0; l <= t; l++) sum += taps[h][l] * x[t - l][h];
      return sum;
    }),
  );
};

const times = (a: number[][], b: number[][]): number[][] => a.map((row, t) => row.map((v, i) => v * b[t][i]));
const each = (x: number[][], f: (v: number) => number): number[][] => x.map((row) => row.map(f));

/** Rows (L, width) of the sequences of a batch, mapped one by one, and the residual. */
function layers(x: Float64Array, [B, L, H]: number[], map: (x: number[][]) => number[][]): Float64Array {
  const out: number[] = [];
  for (let b = 0; b < B; b++) {
    const rows = Array.from({ length: L }, (_, t) => Array.from(x.subarray((b * L + t) * H, (b * L + t + 1) * H)));
    map(rows).forEach((row, t) => {
      out.push(...row.map((v, i) => v + rows[t][i]));
    });
  }
  return Float64Array.from(out);
}

for (const [sizes, config] of [
  [[3, 17, 5, 11, 3, 6], { lambda_imag_exp: true, reverse_seq: true, ln_eps: 1e-5 }],
  [[1, 29, 4, 6, 1, 2], { lambda_imag_exp: false, reverse_seq: true, gelu: 'exact' }],
  [[2, 1, 3, 2, 5, 1], { lambda_imag_exp: false, reverse_seq: false }],
  [[1, 23, 7, 4, 9, 4], {}],
] as [number[], Record<string, unknown>][])
  test(`GSS (${sizes.join(', ')}) ${JSON.stringify(config)}`, async () => {
    const [B, L, H, F, E, N] = sizes;
    const shapes: Shapes = {
      x: [B, L, H],
      'norm.weight': [H],
      'norm.bias': [H],
      'to_u.0.weight': [F, H],
      'to_v.0.weight': [E, H],
      'dss.Lambda_real': [N],
      'dss.Lambda_imag': [N],
      'dss.C_real': [E, N],
      'dss.C_imag': [E, N],
      'dss.param_D': [E],
      'dss.norm.weight': [E],
      'dss.norm.bias': [E],
      'to_gate.weight': [F, E],
      'to_out.weight': [H, F],
      'to_out.bias': [H],
    };
    const formula = (v: Values) =>
      layers(v.x, [B, L, H], (x) => {
        const turn = <T>(a: T[]): T[] => (config.reverse_seq ? a.toReversed() : a);
        const z = norm(turn(x), v['norm.weight'], v['norm.bias'], 1e-5);
        const gate = each(dense(z, v['to_u.0.weight'], null), gelu);
        const r = norm(each(dense(z, v['to_v.0.weight'], null), gelu), v['dss.norm.weight'], v['dss.norm.bias'], 1e-5);
        const K = (h: number, l: number) => {
          let sum = 0;
          for (let n = 0; n < N; n++) {
            const im = v['dss.Lambda_imag'][n];
            const lambda: [number, number] = [
              -Math.exp(v['dss.Lambda_real'][n]),
              (config.lambda_imag_exp ?? true) ? Math.exp(im) : im,
            ];
            const C: [number, number] = [v['dss.C_real'][h * N + n], v['dss.C_imag'][h * N + n]];
            sum += tap(C, lambda, lambda, l, 'zoh', L);
          }
          return sum;
        };
        const s = causal(r, K, (h) => v['dss.param_D'][h]);
        return turn(dense(times(dense(s, v['to_gate.weight'], null), gate), v['to_out.weight'], v['to_out.bias']));
      });
    const values = normals(shapes);
    const c = made('gss', config, shapes, values, [B, L, H]);
    // A norm over one or two channels is a sign: float32 has little left of its gradient.
    c.tolerance.f32_rtol = 5e-3;
    await compare({ run: gss }, c, values, 'y', formula);
  });

for (const [sizes, config] of [
  [[2, 19, 3, 7, 4], { ln_eps: 1e-12, gelu: 'exact' }],
  [[1, 1, 4, 2, 1], {}],
  [[3, 31, 5, 5, 6], { ln_eps: 1e-5 }],
] as [number[], Record<string, unknown>][])
  test(`BiGS (${sizes.join(', ')}) ${JSON.stringify(config)}, a mode above its bound`, async () => {
    const [B, L, H, I, N] = sizes;
    const shapes: Shapes = { x: [B, L, H], 'LayerNorm.weight': [H], 'LayerNorm.bias': [H] };
    for (const name of ['fs4', 'bs4']) {
      shapes[`${name}.D`] = [1];
      shapes[`${name}.kernel.C`] = [N, 2];
      shapes[`${name}.kernel.log_step`] = [1];
      shapes[`${name}.kernel.A_re`] = [N];
      shapes[`${name}.kernel.A_im`] = [N];
    }
    for (const name of ['dv', 'du_forward', 'du_backward', 'duc_forward', 'duc_backward', 'dol', 'do']) {
      const [inputs, outputs] = name === 'do' ? [I, H] : [H, name === 'dv' || name === 'dol' ? I : H];
      shapes[`${name}.weight`] = [outputs, inputs];
      shapes[`${name}.bias`] = [outputs];
    }
    const formula = (v: Values) =>
      layers(v.x, [B, L, H], (x) => {
        const z = norm(x, v['LayerNorm.weight'], v['LayerNorm.bias'], Number(config.ln_eps ?? 1e-12));
        const map = (a: number[][], name: string) => dense(a, v[`${name}.weight`], v[`${name}.bias`]);
        const system = (a: number[][], name: string) => {
          const step = Math.exp(v[`${name}.kernel.log_step`][0]);
          const K = (_: number, l: number) => {
            let sum = 0;
            for (let n = 0; n < N; n++) {
              const re = Math.min(v[`${name}.kernel.A_re`][n], -1e-4);
              const im = v[`${name}.kernel.A_im`][n];
              const C = v[`${name}.kernel.C`];
              sum += tap([C[2 * n], C[2 * n + 1]], [re, im], [step * re, step * im], l, 'zoh', L);
            }
            return sum;
          };
          return causal(a, K, () => v[`${name}.D`][0]);
        };
        const f = map(system(each(map(z, 'du_forward'), gelu), 'fs4'), 'duc_forward');
        const back = each(map(z.toReversed(), 'du_backward'), gelu);
        const r = map(system(back, 'bs4'), 'duc_backward').toReversed();
        const u = each(map(times(f, r), 'dol'), gelu);
        return map(times(u, each(map(z, 'dv'), gelu)), 'do');
      });
    const values = normals(shapes);
    // Seven maps multiply up: kept small, a difference quotient keeps its digits.
    for (const name of Object.keys(shapes))
      if (name.endsWith('.weight')) values[name] = values[name].map((a) => 0.4 * a);
    const rates = ['fs4.kernel.A_re', 'bs4.kernel.A_re'];
    for (const name of rates) values[name] = values[name].map((a, n) => (n === 1 ? 0.3 : -Math.abs(a) - 0.05));
    const c = made('bigs', config, shapes, values, [B, L, H]);
    c.tolerance.f32_rtol = 2e-3;
    await compare({ run: bigs }, c, values, 'y', formula);
  });

test("DSS's start is that of its authors' code, which computes it in float32", () => {
  const vectors = join(dirname(fileURLToPath(import.meta.url)), 'vectors');
  const starts = goldenFiles(vectors)
    .map((f) => readGolden(f))
    .filter(({ family, config }) => family === 'dss' && config.Lambda_init === 'hippo_skew_pos_imag');
  assert.ok(starts.length > 2);
  for (const c of starts) {
    const N = c.config.N;
    const want = c.has('Lambda')
      ? c.get('Lambda').data.filter((_, i) => i % 2 === 1)
      : c.has('Lambda_log_im')
        ? c.get('Lambda_log_im').data.map(Math.exp)
        : c.get('Lambda_im').data;
    const error = relativeError(skewModes(N), want);
    assert.ok(error < 2e-6, `${c.case}: off by ${error}`);
  }
});
