import type { NdArray, ReferenceCall } from '../op.ts';
import type { ButterflyAttrs } from './op.ts';

export interface Complex {
  re: Float64Array;
  im: Float64Array;
}
const zeros = (n: number): Complex => ({ re: new Float64Array(n), im: new Float64Array(n) });

/** One level: its matrix (n x n), and where its gradient goes. */
export interface Level {
  n: number;
  M: Complex;
  gradient: Complex | null;
}

const tables = new Map<number, Complex>();

/** exp(-2 pi i j / n) for j < n, each from its own angle. */
function roots(n: number): Complex {
  let t = tables.get(n);
  if (!t) {
    if (tables.size > 32) tables.clear();
    const angle = (_: unknown, j: number) => (-2 * Math.PI * j) / n;
    t = {
      re: Float64Array.from({ length: n }, angle).map(Math.cos),
      im: Float64Array.from({ length: n }, angle).map(Math.sin),
    };
    tables.set(n, t);
  }
  return t;
}

/** exp(-2 pi i j k / n), the product reduced as an integer. */
export function dftMatrix(n: number): Complex {
  const { re, im } = roots(n);
  const pick = (table: Float64Array) =>
    Float64Array.from({ length: n * n }, (_, i) => table[(Math.floor(i / n) * (i % n)) % n]);
  return { re: pick(re), im: pick(im) };
}

/** M X, X (n, cols). */
function product(M: Complex, X: Complex, n: number, cols: number): Complex {
  const Y = zeros(n * cols);
  for (let k = 0; k < n; k++)
    for (let j = 0; j < n; j++) {
      const [a, b] = [M.re[k * n + j], M.im[k * n + j]];
      for (let c = 0; c < cols; c++) {
        Y.re[k * cols + c] += a * X.re[j * cols + c] - b * X.im[j * cols + c];
        Y.im[k * cols + c] += a * X.im[j * cols + c] + b * X.re[j * cols + c];
      }
    }
  return Y;
}

/** Row k of Y (n, cols) times exp(sign 2 pi i k j / (n cols)) at j. */
function twiddle(Y: Complex, n: number, cols: number, sign: 1 | -1): void {
  const N = n * cols;
  const { re, im } = roots(N);
  for (let k = 0; k < n; k++)
    for (let j = 0; j < cols; j++) {
      const c = re[(k * j) % N];
      const s = -sign * im[(k * j) % N];
      const at = k * cols + j;
      const x = Y.re[at];
      Y.re[at] = x * c - Y.im[at] * s;
      Y.im[at] = Y.im[at] * c + x * s;
    }
}

const part = (x: Complex, from: number, to: number): Complex => ({
  re: x.re.subarray(from, to),
  im: x.im.subarray(from, to),
});

/** M X with its twiddles: the rows that the levels below transform. */
function outer(x: Complex, [level, ...below]: readonly Level[]): Complex {
  const cols = x.re.length / level.n;
  const Y = product(level.M, x, level.n, cols);
  if (below.length) twiddle(Y, level.n, cols, -1);
  return Y;
}

/** T(x). */
export function transform(x: Complex, levels: readonly Level[]): Complex {
  const Y = outer(x, levels);
  const { n } = levels[0];
  if (levels.length === 1) return Y;
  const cols = x.re.length / n;
  const y = zeros(x.re.length);
  for (let k = 0; k < n; k++) {
    const z = transform(part(Y, k * cols, (k + 1) * cols), levels.slice(1));
    for (let i = 0; i < cols; i++) {
      y.re[i * n + k] = z.re[i];
      y.im[i * n + k] = z.im[i];
    }
  }
  return y;
}

/** The gradient of x, from that of T(x); adds to the levels' gradients. With the exact matrices it is N T^-1. */
export function adjoint(g: Complex, levels: readonly Level[], x: Complex | null): Complex {
  const [{ n, M, gradient }, ...below] = levels;
  const cols = g.re.length / n;
  let G = g;
  if (below.length) {
    const Y = x && outer(x, levels);
    G = zeros(g.re.length);
    for (let k = 0; k < n; k++) {
      const row = zeros(cols);
      for (let i = 0; i < cols; i++) {
        row.re[i] = g.re[i * n + k];
        row.im[i] = g.im[i * n + k];
      }
      const back = adjoint(row, below, Y && part(Y, k * cols, (k + 1) * cols));
      G.re.set(back.re, k * cols);
      G.im.set(back.im, k * cols);
    }
    twiddle(G, n, cols, 1);
  }
  const MH = zeros(n * n);
  for (let k = 0; k < n; k++)
    for (let j = 0; j < n; j++) {
      MH.re[j * n + k] = M.re[k * n + j];
      MH.im[j * n + k] = -M.im[k * n + j];
      if (!gradient || !x) continue;
      for (let c = 0; c < cols; c++) {
        const [a, b] = [k * cols + c, j * cols + c];
        gradient.re[k * n + j] += G.re[a] * x.re[b] + G.im[a] * x.im[b];
        gradient.im[k * n + j] += G.im[a] * x.re[b] - G.re[a] * x.im[b];
      }
    }
  return product(MH, G, n, cols);
}

/** The levels of channel h. */
function levelsOf(call: ReferenceCall<ButterflyAttrs>, h: number): Level[] {
  const blocks = call.inputs[2];
  const grad = call.gradInputs[2] ?? null;
  const { factors, offsets } = call.attrs;
  return factors.map((n, i) => {
    if (!blocks) return { n, M: dftMatrix(n), gradient: null };
    const [heads, S] = blocks.shape;
    const from = (heads > 1 ? h : 0) * S + offsets[i];
    const pick = (odd: number) =>
      Float64Array.from({ length: n * n }, (_, e) => (blocks as NdArray).data[2 * (from + e) + odd]);
    return { n, M: { re: pick(0), im: pick(1) }, gradient: grad && zeros(n * n) };
  });
}

/** Row (b, h) of the input, as N complex numbers. */
function rowOf([x, tail]: (NdArray | null)[], row: number, N: number): Complex {
  const { data, shape } = x as NdArray;
  const L = shape[shape.length - 1];
  const out = zeros(N);
  const planes = shape.length === 4 ? 2 : 1;
  for (let j = 0; j < L; j++) {
    out.re[j] = data[row * planes * L + j];
    if (planes === 2) out.im[j] = data[(row * 2 + 1) * L + j];
  }
  if (tail) {
    const Lt = tail.shape[2];
    for (let j = 0; j < Lt; j++) out.re[N - 1 - j] = tail.data[row * Lt + j];
  }
  return out;
}

export function forward(call: ReferenceCall<ButterflyAttrs>): void {
  const y = call.outputs[0] as NdArray;
  const [B, H, , N] = y.shape;
  for (let h = 0; h < H; h++) {
    const levels = levelsOf(call, h);
    for (let b = 0; b < B; b++) {
      const row = b * H + h;
      const z = transform(rowOf(call.inputs, row, N), levels);
      (y.data as Float64Array).set(z.re, row * 2 * N);
      (y.data as Float64Array).set(z.im, (row * 2 + 1) * N);
    }
  }
}

export function backward(call: ReferenceCall<ButterflyAttrs>): void {
  const g = call.gradOutputs[0];
  const [gx, gtail, gblocks] = call.gradInputs;
  if (!g) return;
  const [B, H, , N] = g.shape;
  const { offsets } = call.attrs;
  for (let h = 0; h < H; h++) {
    const levels = levelsOf(call, h);
    for (let b = 0; b < B; b++) {
      const row = b * H + h;
      const data = g.data as Float64Array;
      const G = {
        re: data.subarray(row * 2 * N, (row * 2 + 1) * N),
        im: data.subarray((row * 2 + 1) * N, (row * 2 + 2) * N),
      };
      const back = adjoint(G, levels, rowOf(call.inputs, row, N));
      if (gx) {
        const L = gx.shape[gx.shape.length - 1];
        const planes = gx.shape.length === 4 ? 2 : 1;
        (gx.data as Float64Array).set(back.re.subarray(0, L), row * planes * L);
        if (planes === 2) (gx.data as Float64Array).set(back.im.subarray(0, L), (row * 2 + 1) * L);
      }
      if (gtail) {
        const Lt = gtail.shape[2];
        for (let j = 0; j < Lt; j++) gtail.data[row * Lt + j] = back.re[N - 1 - j];
      }
    }
    if (!gblocks) continue;
    const [heads, S] = gblocks.shape;
    levels.forEach(({ n, gradient }, i) => {
      const from = (heads > 1 ? h : 0) * S + offsets[i];
      for (let e = 0; gradient && e < n * n; e++) {
        gblocks.data[2 * (from + e)] += gradient.re[e];
        gblocks.data[2 * (from + e) + 1] += gradient.im[e];
      }
    });
  }
}
