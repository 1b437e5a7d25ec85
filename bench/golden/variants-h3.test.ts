/** H3 with options that no stored case has, against its formulas written out as sums. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { run } from './families/h3.ts';
import type { GoldenCase } from './golden.ts';
import { judge, type Made, madeCase, type Values } from './made-case.ts';

const reference = await openDevice('reference');

interface Option {
  B?: number;
  L: number;
  D: number;
  hd?: number;
  N?: number;
  /** State matrices. */
  S?: number;
  /** Taps of the long convolutions instead of state spaces. */
  taps?: number;
  config?: Record<string, unknown>;
}

function caseOf({ B = 2, L, D, hd = 1, N = 4, S, taps, config = {} }: Option): GoldenCase {
  const H = D / hd;
  const square = { shape: [D, D], scale: 0.6 };
  const [kD, k] = taps ? ['k_D', 'k_kernel.kernel'] : ['ssm_k_D', ''];
  const shapes: Record<string, Made> = { u: { shape: [B, L, D] }, [kD]: { shape: [D] }, D: { shape: [H] } };
  for (const map of ['q_proj', 'k_proj', 'v_proj', 'output_linear']) {
    shapes[`${map}.weight`] = square;
    shapes[`${map}.bias`] = { shape: [D] };
  }
  const copies = S ?? H;
  if (taps)
    for (const [name, rows] of [
      [k, D],
      ['kernel.kernel', H],
    ] as const)
      shapes[name] = { shape: [1, rows, taps] };
  else
    Object.assign(shapes, {
      'ssm_k_kernel.kernel.B': { shape: [D, N] },
      'ssm_k_kernel.kernel.C': { shape: [1, D, N] },
      'kernel.kernel.C': { shape: [1, H, N / 2, 2] },
      'kernel.kernel.log_dt': { shape: [H], scale: 0.5, shift: -2 },
      'kernel.kernel.B': { shape: [copies, N / 2, 2] },
      'kernel.kernel.inv_A_real': { shape: [copies, N / 2], scale: 0.3, shift: -0.7 },
      'kernel.kernel.A_imag': { shape: [copies, N / 2], scale: 3 },
    });
  shapes.g = { shape: [B, L, D], role: 'cotangent' };
  return madeCase('h3', { B, L, d_model: D, head_dim: hd, d_state: N, ...config }, shapes);
}

type Complex = [number, number];
const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const over = ([a, b]: Complex, [c, d]: Complex): Complex => {
  const n = c * c + d * d;
  return [(a * c + b * d) / n, (b * c - a * d) / n];
};

/** Taps of the shift and of the diagonal state space, or the regularised ones; (row, lag). */
function kernels(values: Values, o: Option): [number[][], number[][]] {
  const { L, D, hd = 1, N = 4, S, taps, config = {} } = o;
  const H = D / hd;
  if (taps) {
    const { lam = 0, smooth, window = 7 } = config as { lam?: number; smooth?: boolean; window?: number };
    const regular = (name: string, rows: number) =>
      Array.from({ length: rows }, (_, r) => {
        const raw = Array.from({ length: taps }, (_, j) => values(name)[r * taps + j]);
        const p = smooth ? (window - 1) / 2 : 0;
        const even = raw.map((_, j) => {
          let s = 0;
          for (let i = -p; i <= p; i++) s += raw[j + i] ?? 0;
          return s / (2 * p + 1);
        });
        return even.map((x) => Math.sign(x) * Math.max(Math.abs(x) - lam, 0));
      });
    return [regular('k_kernel.kernel', D), regular('kernel.kernel', H)];
  }
  const most = Math.min(L, (config.l_max as number) ?? L);
  const [B, C] = [values('ssm_k_kernel.kernel.B'), values('ssm_k_kernel.kernel.C')];
  const shift = Array.from({ length: D }, (_, d) =>
    Array.from({ length: Math.min(N, most) }, (_, l) => {
      let s = 0;
      for (let n = 0; n + l < N; n++) s += B[d * N + n] * C[d * N + n + l];
      return s;
    }),
  );
  const copies = S ?? H;
  const M = N / 2;
  const pair = (name: string, i: number): Complex => [values(name)[2 * i], values(name)[2 * i + 1]];
  const diagonal = Array.from({ length: H }, (_, h) => {
    const row = new Array<number>(most).fill(0);
    const dt = Math.exp(values('kernel.kernel.log_dt')[h]);
    for (let n = 0; n < M; n++) {
      const s = (h % copies) * M + n;
      const A: Complex = [-Math.exp(values('kernel.kernel.inv_A_real')[s]), values('kernel.kernel.A_imag')[s]];
      const x: Complex = [A[0] * dt, A[1] * dt];
      const e: Complex = [Math.exp(x[0]) * Math.cos(x[1]), Math.exp(x[0]) * Math.sin(x[1])];
      const below: Complex = [1 - x[0] / 2, -x[1] / 2];
      const zoh = config.disc === 'zoh';
      const a = zoh ? e : over([1 + x[0] / 2, x[1] / 2], below);
      const f = zoh ? over([e[0] - 1, e[1]], A) : over([dt, 0], below);
      let power = times(times(pair('kernel.kernel.C', h * M + n), pair('kernel.kernel.B', s)), f);
      for (let l = 0; l < most; l++) {
        row[l] += 2 * power[0];
        power = times(power, a);
      }
    }
    return row;
  });
  return [shift, diagonal];
}

function plain(o: Option): (values: Values) => number[] {
  const { B = 2, L, D, hd = 1, taps, config = {} } = o;
  const H = D / hd;
  return (values) => {
    const [shift, diagonal] = kernels(values, o);
    const map = (name: string, x: (l: number, i: number) => number) =>
      Array.from({ length: D }, (_, i) =>
        Array.from({ length: L }, (_, l) => {
          let s = values(`${name}.bias`)[i];
          for (let j = 0; j < D; j++) s += values(`${name}.weight`)[i * D + j] * x(l, j);
          return s;
        }),
      );
    const convolve = (k: number[], skip: number, x: number[]) =>
      x.map((v, t) => {
        let s = skip * v;
        for (let l = 0; l <= t && l < k.length; l++) s += k[l] * x[t - l];
        return s;
      });
    const y: number[] = [];
    for (let b = 0; b < B; b++) {
      const u = (l: number, i: number) => values('u')[(b * L + l) * D + i];
      const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((name) => map(name, u));
      const keys = k.map((row, i) => convolve(shift[i], values(taps ? 'k_D' : 'ssm_k_D')[i], row));
      const o: number[][] = [];
      for (let h = 0; h < H; h++)
        for (let j2 = 0; j2 < hd; j2++) {
          const sum = new Array<number>(L).fill(0);
          for (let j1 = 0; j1 < hd; j1++) {
            const product = keys[h * hd + j1].map((x, t) => x * v[h * hd + j2][t]);
            convolve(diagonal[h], values('D')[h], product).forEach((x, t) => {
              sum[t] += q[h * hd + j1][t] * x;
            });
          }
          o[config.use_fast_fftconv ? h * hd + j2 : j2 * H + h] = sum;
        }
      const out = map('output_linear', (l, i) => o[i][l]);
      for (let l = 0; l < L; l++) for (let i = 0; i < D; i++) y.push(out[i][l]);
    }
    return y;
  };
}

const options: [string, Option][] = [
  ['one channel, one step', { L: 1, D: 1, N: 2 }],
  ['heads of 3, zoh', { L: 11, D: 6, hd: 3, N: 6, config: { disc: 'zoh' } }],
  ["heads of 2 in the kernel's order", { L: 13, D: 4, hd: 2, config: { disc: 'bilinear', use_fast_fftconv: true } }],
  ['one head of all channels', { B: 1, L: 7, D: 4, hd: 4, N: 12, config: { disc: null, use_fast_fftconv: false } }],
  ['kernels shorter than the sequence, and than the state', { L: 12, D: 2, N: 8, config: { l_max: 5 } }],
  ['one state matrix for all heads', { L: 9, D: 4, hd: 2, S: 1, config: { n_ssm: 1, dropout: null } }],
  ['long convolutions, squashed', { L: 10, D: 3, taps: 10, config: { lam: 0.4, kernel_dropout: 0 } }],
  ['long convolutions, smoothed, heads of 2', { L: 9, D: 4, hd: 2, taps: 6, config: { smooth: true, window: 3 } }],
];
for (const [name, o] of options)
  test(`H3: ${name}`, async () => {
    const c = caseOf(o);
    judge(c, await run(c, reference), plain(o));
  });

test('an option that H3 does not have is refused by name', async () => {
  const c = caseOf({ L: 4, D: 2, config: { postact: 'glu' } });
  await assert.rejects(run(c, reference), /family h3 has no option "postact"/);
});
