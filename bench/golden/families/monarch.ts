/**
 * Golden family `monarch`: the DFT by matrix products (two, three or more factors) with its intermediate steps, the
 * three-pass convolution, the learned butterfly, and the real transform packed into a complex one of half the length.
 */
import type { Device } from '../../../kernels/device/device.ts';
import { add, mul, sub } from '../../../kernels/ops/binary/op.ts';
import { butterflyFactors, butterflyTransform, wholeFactors } from '../../../kernels/ops/butterfly-transform/op.ts';
import { dftMatrix } from '../../../kernels/ops/butterfly-transform/reference.ts';
import { concat } from '../../../kernels/ops/concat/op.ts';
import { embedding } from '../../../kernels/ops/embedding/op.ts';
import { fftConv } from '../../../kernels/ops/fft-conv/op.ts';
import { matmul } from '../../../kernels/ops/matmul/op.ts';
import { permute } from '../../../kernels/ops/permute/op.ts';
import { slice } from '../../../kernels/ops/slice/op.ts';
import type { Tape } from '../../../kernels/tensor/tape.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import { type GoldenCase, type GoldenResult, UnsupportedCase } from '../golden.ts';
import { anything, CaseGraph, off, requireConfig } from '../graph.ts';

/** Real parts and imaginary parts, tensors of one shape. */
type Pair = [re: Tensor, im: Tensor];

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** One index of an axis, the axis gone. */
const pick = (t: Tape, x: Tensor, axis: number, start: number): Tensor =>
  t.reshape(
    slice(t, x, { axis, start, length: 1 }),
    x.shape.filter((_, d) => d !== axis),
  );
const halves = (t: Tape, x: Tensor, axis: number): Pair => [pick(t, x, axis, 0), pick(t, x, axis, 1)];
const joined = (t: Tape, [re, im]: Pair, axis: number): Tensor => {
  const shape = [...re.shape.slice(0, axis), 1, ...re.shape.slice(axis)];
  return concat(t, [t.reshape(re, shape), t.reshape(im, shape)], axis);
};
const times = (t: Tape, [a, b]: Pair, [c, d]: Pair): Pair => [
  sub(t, mul(t, a, c), mul(t, b, d)),
  add(t, mul(t, a, d), mul(t, b, c)),
];
const scaled = (t: Tape, [a, b]: Pair, re: number, im = re): Pair => [
  mul(t, a, t.tensor([re], [1])),
  mul(t, b, t.tensor([im], [1])),
];

/** exp(-2 pi i k j / N) for the pairs of a list, as constants of `shape`. */
function roots(t: Tape, N: number, products: number[], shape: number[]): Pair {
  const angles = products.map((p) => (-2 * Math.PI * (p % N)) / N);
  return [t.tensor(angles.map(Math.cos), shape), t.tensor(angles.map(Math.sin), shape)];
}

/** Rows (..., N) of a case as (B, 1, N) real or (B, 1, 2, N) complex; the last axis of a complex tensor is (re, im). */
function planes(t: Tape, x: Tensor, complex: boolean): Tensor {
  const N = x.shape[x.shape.length - (complex ? 2 : 1)];
  const B = x.size / N / (complex ? 2 : 1);
  return complex ? permute(t, t.reshape(x, [B, 1, N, 2]), [0, 1, 3, 2]) : t.reshape(x, [B, 1, N]);
}

/** One outer step: F_n1 X, and the same times its twiddles; (B, n1, n2) each. */
function outerStep(t: Tape, x: Tensor, n1: number): { product: Pair; twiddled: Pair } {
  const complex = x.shape.length === 4;
  const N = x.shape[x.shape.length - 1];
  const [B, n2] = [x.shape[0], N / n1];
  const F = dftMatrix(n1);
  const [re, im] = [t.tensor(F.re, [n1, n1]), t.tensor(F.im, [n1, n1])];
  // x^T F^T in the place of F x, so that the shared matrix is the right operand; F is symmetric.
  const by = (plane: Tensor, M: Tensor) =>
    permute(t, matmul(t, t.reshape(plane, [B, n1, n2]), M, { transA: true }), [0, 2, 1]);
  const [a, b] = complex ? halves(t, x, 2) : [x, null];
  const product: Pair = [by(a, re), by(a, im)];
  if (b) [product[0], product[1]] = [sub(t, product[0], by(b, im)), add(t, product[1], by(b, re))];
  const W = roots(
    t,
    N,
    range(N).map((i) => Math.floor(i / n2) * (i % n2)),
    [1, n1, n2],
  );
  return { product, twiddled: times(t, product, W) };
}

/** Natural order (B, H, 2, N) to (B, H, n1, ..., np, 2). */
function permuted(t: Tape, y: Tensor, factors: number[]): Tensor {
  const rows = y.shape[0] * y.shape[1];
  const p = factors.length;
  const axes = [0, ...range(p).map((i) => 1 + p - i), 1];
  return permute(t, t.reshape(y, [rows, 2, ...[...factors].reverse()]), axes);
}

function monarch(g: CaseGraph): Record<string, Tensor> {
  const { t, c } = g;
  const factors: number[] = [];
  while (c.config[`n${factors.length + 1}`]) factors.push(c.config[`n${factors.length + 1}`]);
  requireConfig(c, {
    ...Object.fromEntries(factors.map((_, i) => [`n${i + 1}`, anything])),
    N: [factors.reduce((a, b) => a * b, 1)],
    B: anything,
    grad_of: anything,
    f32_max_rel_dev: anything,
  });
  const x = planes(t, g.operand('x'), c.get('x').complex);
  const y = butterflyTransform(t, x, { factors });
  const { product, twiddled } = outerStep(t, x, factors[0]);
  return {
    step1: joined(t, product, 3),
    step2: joined(t, twiddled, 3),
    permuted: permuted(t, y, factors),
    natural: permute(t, y, [0, 1, 3, 2]),
  };
}

/** Circular convolution of N = m l in three passes, and all N outputs of the op's form of that name. */
function threePass(g: CaseGraph): Record<string, Tensor> {
  const { t, c } = g;
  const { m, l } = c.config;
  const N = m * l;
  requireConfig(c, {
    m: anything,
    l: anything,
    N: [N],
    B: anything,
    H: anything,
    valid_L: anything,
    grad_of: anything,
    f32_max_rel_dev: anything,
  });
  const [u, k] = ['u', 'k'].map((name) => planes(t, g.operand(name), c.get(name).complex));
  if (u.shape.length === 4 || k.shape.length === 4) throw new UnsupportedCase('three-pass rows must be real');
  const rows = wholeFactors(l);
  const spectra = (z: Pair): Pair => halves(t, butterflyTransform(t, joined(t, z, 2), { factors: rows }), 2);
  const pass1 = outerStep(t, u, m).twiddled;
  const K = spectra(outerStep(t, k, m).twiddled);
  // A kernel for every channel, or one for all rows.
  const H = k.shape[0];
  if (u.shape[0] % H) throw new UnsupportedCase(`${c.case}: ${u.shape[0]} rows do not fit ${H} kernels`);
  const perChannel = ([re, im]: Pair): Pair => {
    const shape = [re.size / (H * N), H, m, l];
    return [t.reshape(re, shape), t.reshape(im, shape)];
  };
  const [re, im] = times(t, perChannel(spectra(pass1)), perChannel(K));
  const [a, b] = [t.reshape(re, [re.size / N, m, l]), t.reshape(im, [im.size / N, m, l])];
  // The inverse is the conjugate of the transform of the conjugate, over l.
  const pass2 = scaled(t, spectra(scaled(t, [a, b], 1, -1)), 1 / l, -1 / l);
  // A circular kernel has lag -q at tap N - q; with zeros in the upper halves this is the causal convolution.
  const backwards = t.tensor(
    range(H * N).map((i) => i - (i % N) + N - 1 - (i % N)),
    [H * N],
    'i32',
  );
  const reversed = embedding(t, t.reshape(k, [H * N, 1]), backwards);
  const both = concat(t, [t.reshape(k, [1, H, N]), t.reshape(reversed, [1, H, N])], 0);
  const y = fftConv(t, t.reshape(u, [u.shape[0] / H, H, N]), both, null, {
    sides: 'lag-1',
    form: 'three-pass',
    onChip: Math.max(1, l >> 1),
  });
  return { kf_perm: joined(t, K, 3), pass1: joined(t, pass1, 3), pass2: joined(t, pass2, 3), y };
}

function learned(g: CaseGraph): Record<string, Tensor> {
  const { t, c } = g;
  const { max_m: largest = 16, additive, learn_additive, forward: forwards = true } = c.config;
  requireConfig(c, {
    ...Object.fromEntries(['N', 'B', 'H', 'L', 'max_m', 'recursion', 'grad_of'].map((key) => [key, anything])),
    additive: anything,
    learn_additive: anything,
    learn_dft_matrices: anything,
    forward: [true, false],
    dropout: off,
    activation: off,
    f32_max_rel_dev: anything,
  });
  const { complex } = c.get('x');
  const given = g.operand('x');
  const [B, H, L] = [1, 1, 1, ...given.shape.slice(0, complex ? -1 : undefined)].slice(-3);
  const factors = butterflyFactors(c.config.N ?? L, largest);
  const N = factors.reduce((a, b) => a * b, 1);
  let x = complex ? permute(t, t.reshape(given, [B, H, L, 2]), [0, 1, 3, 2]) : t.reshape(given, [B, H, L]);
  if (complex && !forwards) x = joined(t, scaled(t, halves(t, x, 2), 1, -1), 2);
  const blocks = factors.map((n) => {
    const name = `mat_${n}`;
    const exact = interleaved(n);
    if (n === 1 || c.config.learn_dft_matrices === false) return t.tensor(exact, [1, n * n, 2]);
    const M = g.operand(name);
    const flat = t.reshape(M, [M.size / (2 * n * n), n * n, 2]);
    return additive || learn_additive ? add(t, flat, t.tensor(exact, [1, n * n, 2])) : flat;
  });
  const y = butterflyTransform(t, x, { factors, blocks: sameHeads(t, blocks) });
  const z: Pair = halves(t, y, 2);
  return { y: joined(t, forwards ? z : scaled(t, z, 1 / N, -1 / N), 3) };
}

/** The exact n x n matrix, (re, im) pairs. */
function interleaved(n: number): number[] {
  const { re, im } = dftMatrix(n);
  return range(2 * n * n).map((i) => (i % 2 ? im : re)[i >> 1]);
}

/** One operand of all levels; a level with one head is repeated where others have more. */
function sameHeads(t: Tape, blocks: Tensor[]): Tensor {
  const heads = Math.max(...blocks.map((b) => b.shape[0]));
  const wide = blocks.map((b) =>
    b.shape[0] === heads ? b : add(t, b, t.tensor(new Float64Array(heads), [heads, 1, 1])),
  );
  let all = wide[0];
  for (const b of wide.slice(1)) all = concat(t, [all, b], 1);
  return all;
}

/** z[n] = x[2n] + i x[2n+1], Z = DFT(z); X[k] = E + w^k O with E, O the transforms of the even and the odd elements. */
function packed(g: CaseGraph): Record<string, Tensor> {
  const { t, c } = g;
  requireConfig(c, { N: anything, B: anything, grad_of: anything, f32_max_rel_dev: anything });
  const N = c.get('x').shape[0];
  if (c.get('x').shape.length !== 1 || N % 2)
    throw new UnsupportedCase('a packed transform takes one row of even length');
  const M = N / 2;
  const z = permute(t, t.reshape(g.operand('x'), [1, 1, M, 2]), [0, 1, 3, 2]);
  const Z = t.reshape(permute(t, butterflyTransform(t, z, { factors: wholeFactors(M) }), [0, 1, 3, 2]), [M, 2]);
  const at = (index: (k: number) => number): Pair =>
    halves(t, embedding(t, Z, t.tensor(range(M + 1).map(index), [M + 1], 'i32')), 1);
  const [a, b] = at((k) => k % M);
  const [p, q] = at((k) => (M - k) % M);
  const E = scaled(t, [add(t, a, p), sub(t, b, q)], 0.5);
  const D: Pair = [sub(t, a, p), add(t, b, q)];
  const O = scaled(t, [D[1], D[0]], 0.5, -0.5);
  const turned = times(t, O, roots(t, N, range(M + 1), [M + 1]));
  return { Z, X: joined(t, [add(t, E[0], turned[0]), add(t, E[1], turned[1])], 1) };
}

function build(g: CaseGraph): Record<string, Tensor> {
  const { config } = g.c;
  if (config.max_m !== undefined) return learned(g);
  if (config.m !== undefined) return threePass(g);
  if (config.n1 !== undefined) return monarch(g);
  if (g.c.has('Z') || g.c.has('X')) return packed(g);
  throw new UnsupportedCase(`family ${g.c.family} has no operation with the options ${Object.keys(config).join(', ')}`);
}

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  using g = new CaseGraph(c, device);
  const outputs = build(g);
  const computed = new Map<string, ArrayLike<number>>();
  for (const [name, tensor] of Object.entries(outputs)) if (c.has(name)) computed.set(name, await tensor.read());
  if (c.has('g')) {
    const y = outputs[c.config.grad_of ?? Object.keys(outputs).at(-1)];
    if (!y) throw new UnsupportedCase(`there is no output "${c.config.grad_of}" to differentiate`);
    for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  }
  return {
    computed,
    implementation: `${device.implementation('butterfly-transform')} (butterfly-transform, fft-conv)`,
  };
}
