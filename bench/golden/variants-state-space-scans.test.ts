/**
 * S5 and Liquid-S4 with options, sizes and parameter names that no stored case has, against their recurrences written
 * out step by step, and the gradients against difference quotients of those.
 */
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import {
  add,
  type Complex,
  complex,
  div,
  exp,
  mul,
  one,
  pair,
  scale,
  sub,
  zero,
} from '../../kernels/numerics/complex.ts';
import { run as liquid } from './families/liquid-s4.ts';
import { run as s5 } from './families/s5.ts';
import type { GoldenCase, GoldenFamily } from './golden.ts';
import { checkQuotients, quotientCase, type Values } from './quotient-case.ts';

const devices = [await openDevice('reference'), await openDevice('cpu')];

/** A case of normal values (`law` may move them), with y and all gradients computed from `formula` alone. */
const made = (
  family: string,
  config: Record<string, unknown>,
  shapes: Record<string, number[]>,
  law: (name: string, x: number) => number,
  formula: (x: Values) => Float64Array,
): GoldenCase => quotientCase({ family, config, shapes, law, formula, like: shapes.x ? 'x' : 'u' });

const check = (c: GoldenCase, family: Pick<GoldenFamily, 'run'>) => checkQuotients(c, family, devices);

/** abar and the factor of B. */
function discrete(disc: string, A: Complex, dt: number): { a: Complex; f: Complex } {
  const x = scale(A, dt);
  if (disc === 'zoh') return { a: exp(x), f: div(sub(exp(x), one), A) };
  const below = sub(one, scale(x, 0.5));
  return { a: div(add(one, scale(x, 0.5)), below), f: div(complex(dt), below) };
}

interface S5Options {
  disc?: string | null;
  conj_sym?: boolean | null;
  bidirectional?: boolean;
  clip_eigs?: boolean;
  step_rescale?: number;
}

/** y (L, H) of the state space on u (L, H). */
function s5Space(o: S5Options, [L, H, S]: number[], u: Float64Array, v: Values, at = ''): Float64Array {
  const value = (name: string) => v[at + name];
  const y = Float64Array.from({ length: L * H }, (_, i) => value('D')[i % H] * u[i]);
  for (let side = 0; side < (o.bidirectional ? 2 : 1); side++)
    for (let s = 0; s < S; s++) {
      const re = o.clip_eigs ? Math.min(value('Lambda_re')[s], -1e-4) : value('Lambda_re')[s];
      const dt = (o.step_rescale ?? 1) * Math.exp(value('log_step')[s]);
      const { a, f } = discrete(o.disc ?? 'zoh', complex(re, value('Lambda_im')[s]), dt);
      let x = zero;
      for (let k = 0; k < L; k++) {
        const t = side === 0 ? k : L - 1 - k;
        let drive = zero;
        for (let h = 0; h < H; h++) drive = add(drive, scale(pair(value('B'), s * H + h), u[t * H + h]));
        x = add(mul(a, x), mul(f, drive));
        for (let h = 0; h < H; h++) {
          const apart = value('C1') !== undefined;
          const c = apart
            ? pair(value(side === 0 ? 'C1' : 'C2'), h * S + s)
            : pair(value('C'), (h * (o.bidirectional ? 2 : 1) + side) * S + s);
          y[t * H + h] += ((o.conj_sym ?? true) ? 2 : 1) * mul(c, x).re;
        }
      }
    }
  return y;
}

/** Modes that decay, at steps of 0.02 to 0.2, some of them beyond the clip. */
const s5Law = (name: string, x: number) =>
  name.endsWith('Lambda_re')
    ? 0.3 * x - 0.3
    : name.endsWith('Lambda_im')
      ? 8 * x
      : name.endsWith('log_step')
        ? 0.5 * x - 2.5
        : x;

function s5Shapes({ bidirectional }: S5Options, [L, H, S]: number[], at = '', apart = false): Record<string, number[]> {
  const C = apart
    ? { [`${at}C1`]: [H, S, 2], [`${at}C2`]: [H, S, 2] }
    : { [`${at}C`]: [H, bidirectional ? 2 * S : S, 2] };
  return {
    x: [L, H],
    ...{ [`${at}Lambda_re`]: [S], [`${at}Lambda_im`]: [S], [`${at}B`]: [S, H, 2] },
    ...C,
    ...{ [`${at}D`]: [H], [`${at}log_step`]: [S, 1] },
  };
}

const spaces: [S5Options, number[], boolean][] = [
  [{}, [1, 2, 3], false],
  [{ disc: null, conj_sym: null, bidirectional: false }, [9, 1, 1], false],
  [{ disc: 'bilinear', conj_sym: false, bidirectional: true }, [8, 3, 5], false],
  [{ disc: 'zoh', bidirectional: true }, [7, 2, 4], true],
  [{ disc: 'bilinear', clip_eigs: true, step_rescale: 2 }, [10, 2, 6], false],
];
for (const [options, size, apart] of spaces)
  test(`S5's state space: ${JSON.stringify(options)}, L ${size[0]}, ${apart ? 'C1 and C2' : 'C'}`, () =>
    check(
      made('s5', { ...options }, s5Shapes(options, size, '', apart), s5Law, (v) => s5Space(options, size, v.x, v)),
      { run: s5 },
    ));

const geluTanh = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** Rows of H times a kernel (in, out), plus the bias. */
const dense = (x: Float64Array, kernel: Float64Array, bias: Float64Array): Float64Array => {
  const H = bias.length;
  return x.map((_, i) => {
    let sum = bias[i % H];
    for (let k = 0; k < H; k++) sum += x[i - (i % H) + k] * kernel[k * H + (i % H)];
    return sum;
  });
};
const layerNorm = (x: Float64Array, v: Values, eps: number): Float64Array => {
  const H = v['norm.scale'].length;
  return x.map((value, i) => {
    const row = x.subarray(i - (i % H), i - (i % H) + H);
    const mean = row.reduce((a, b) => a + b, 0) / H;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / H;
    return ((value - mean) / Math.sqrt(variance + eps)) * v['norm.scale'][i % H] + v['norm.bias'][i % H];
  });
};

const layers: [activation: string, prenorm: boolean, ln_eps: number | undefined, S5Options, apart: boolean][] = [
  ['half_glu1', false, 1e-3, { disc: 'bilinear' }, false],
  ['half_glu2', true, undefined, { bidirectional: true }, true],
  ['full_glu', true, 1e-5, { conj_sym: false }, false],
  ['gelu', false, undefined, { clip_eigs: true }, false],
];
for (const [activation, prenorm, ln_eps, options, apart] of layers)
  test(`S5's layer: ${activation}, ${prenorm ? 'pre-norm' : 'post-norm'}, ${JSON.stringify(options)}`, () => {
    const size = [6, 3, 4];
    const H = size[1];
    const maps = activation === 'full_glu' ? ['out1', 'out2'] : activation === 'gelu' ? [] : ['out2'];
    const shapes = { ...s5Shapes(options, size, 'seq.', apart), 'norm.scale': [H], 'norm.bias': [H] };
    for (const map of maps) Object.assign(shapes, { [`${map}.kernel`]: [H, H], [`${map}.bias`]: [H] });
    const eps = ln_eps ?? 1e-6;
    const formula = (v: Values) => {
      const y = s5Space(options, size, prenorm ? layerNorm(v.x, v, eps) : v.x, v, 'seq.');
      const a = y.map(geluTanh);
      const map = (name: string) => dense(a, v[`${name}.kernel`], v[`${name}.bias`]);
      const gated = { half_glu1: () => a, half_glu2: () => y, full_glu: () => map('out1'), gelu: () => a }[activation];
      const open = activation === 'gelu' ? a.map(() => 1) : map('out2').map(sigmoid);
      const sum = (gated as () => Float64Array)().map((z, i) => v.x[i] + z * open[i]);
      return prenorm ? sum : layerNorm(sum, v, eps);
    };
    const config = { ...options, activation, prenorm, ...(ln_eps === undefined ? {} : { ln_eps }) };
    return check(made('s5', config, shapes, s5Law, formula), { run: s5 });
  });

/** Liquid-S4 on u (B, H, L), from the definitions: double loops over time, no recurrence for the truncated forms. */
function liquidFormula(mode: string, degree: number, disc: string, [B, H, L, M]: number[], v: Values): Float64Array {
  const y = new Float64Array(B * H * L);
  const product = (row: Float64Array, t: number, p: number) => {
    let z = 1;
    for (let j = 0; j < p; j++) z *= row[t - j] ?? 0;
    return z;
  };
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++) {
      const at = (b * H + h) * L;
      const u = v.u.subarray(at, at + L);
      const out = y.subarray(at, at + L);
      for (let t = 0; v.D && t < L; t++) out[t] += v.D[h] * u[t];
      for (let n = 0; n < M; n++) {
        const k = h * M + n;
        const { a, f } = discrete(disc, complex(-Math.exp(v.A_real[k]), -v.A_imag[k]), Math.exp(v.inv_dt[h]));
        const input = mul(f, pair(v.B, k));
        const C = pair(v.C, k);
        let x = zero;
        for (let t = 0; mode === 'exact' && t < L; t++) {
          const drive = scale(input, u[t]);
          x = add(mul(add(a, drive), x), drive);
          out[t] += 2 * mul(C, x).re;
        }
        let power = input;
        for (let p = 1; mode !== 'exact' && p <= degree; p++, power = mul(power, input))
          for (let t = 0; t < L; t++) {
            let decay = mul(C, power);
            for (let l = 0; l <= (mode === 'pb' && p > 1 ? 0 : t); l++, decay = mul(decay, a))
              out[t] += 2 * decay.re * product(u, t - l, p);
          }
      }
    }
  return y;
}

/** Steps of 0.1 to 0.5, so that products of several inputs count. */
const liquidLaw = (name: string, x: number) =>
  name === 'inv_dt' ? 0.4 * x - 1.5 : name === 'A_real' ? 0.3 * x - 0.7 : name === 'A_imag' ? Math.abs(5 * x) : x;

const liquids: [config: Record<string, unknown>, size: number[], skip: boolean][] = [
  [{ mode: 'exact', disc: 'zoh' }, [1, 1, 1, 1], true],
  [{ mode: 'exact', degree: null, disc: 'bilinear' }, [2, 3, 9, 2], false],
  [{ mode: 'kb', degree: 5, disc: 'zoh' }, [1, 2, 8, 3], true],
  [{ mode: 'kb', degree: 3, disc: 'bilinear' }, [2, 1, 2, 2], false],
  [{ mode: 'kb', degree: 1, disc: 'zoh' }, [1, 2, 7, 2], true],
  [{ mode: 'pb', degree: 6, disc: 'bilinear' }, [2, 2, 9, 3], true],
  [{ mode: 'pb', degree: 2 }, [1, 3, 3, 1], false],
];
for (const [config, size, skip] of liquids)
  test(`Liquid-S4: ${JSON.stringify(config)}, L ${size[2]}${skip ? '' : ', no skip'}`, () => {
    const [B, H, L, M] = size;
    const shapes = { u: [B, H, L], inv_dt: [H, 1], A_real: [H, M], A_imag: [H, M], B: [H, M, 2], C: [H, M, 2] };
    const formula = (v: Values) =>
      liquidFormula(String(config.mode), Number(config.degree ?? 2), String(config.disc ?? 'zoh'), size, v);
    return check(made('liquid-s4', config, skip ? { ...shapes, D: [H] } : shapes, liquidLaw, formula), { run: liquid });
  });

test('on two steps, KB of degree 2 is the exact recurrence', async () => {
  const shapes = { u: [2, 2, 2], inv_dt: [2, 1], A_real: [2, 3], A_imag: [2, 3], B: [2, 3, 2], C: [2, 3, 2], D: [2] };
  const c = made('liquid-s4', { mode: 'kb', degree: 2, disc: 'zoh' }, shapes, liquidLaw, (v) =>
    liquidFormula('exact', 0, 'zoh', [2, 2, 2, 3], v),
  );
  await check(c, { run: liquid });
});
