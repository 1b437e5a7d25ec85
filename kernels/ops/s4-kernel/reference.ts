import { add, type Complex, complex, conj, div, mul, one, pair, scale, sub, zero } from '../../numerics/complex.ts';
import { solve } from '../../numerics/complex-matrix.ts';
import { fft } from '../../numerics/fft.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import type { S4Attrs } from './op.ts';

/** Feature h in complex numbers. Rows `a`: B, then every P_r; columns `b`: every C, then every conj(P_r). */
interface Feature {
  delta: number;
  lambda: Complex[];
  a: Complex[][];
  b: Complex[][];
}

function feature(inputs: (NdArray | null)[], h: number): Feature {
  const [invDt, aReal, aImag, P, B, C] = inputs as NdArray[];
  const [S, M] = aReal.shape;
  const [R] = P.shape;
  const [channels, H] = C.shape;
  const s = h % S;
  const row = (x: NdArray, index: number) => Array.from({ length: M }, (_, n) => pair(x.data, index * M + n));
  const low = Array.from({ length: R }, (_, r) => row(P, r * S + s));
  return {
    delta: Math.exp(invDt.data[h]),
    lambda: Array.from({ length: M }, (_, n) => complex(-Math.exp(aReal.data[s * M + n]), -aImag.data[s * M + n])),
    a: [row(B, s), ...low],
    b: [
      ...Array.from({ length: channels }, (_, c) => row(C, c * H + h)),
      ...low.map((x) => x.map((value) => conj(value))),
    ],
  };
}

/** r_ab at z over the stored modes and their conjugates. */
const cauchy = ({ delta, lambda, a, b }: Feature, z: Complex): Complex[][] =>
  a.map((an) =>
    b.map((bn) =>
      lambda.reduce((sum, l, n) => {
        const v = scale(mul(an[n], bn[n]), delta);
        const w = scale(l, delta);
        return add(sum, add(div(v, sub(z, w)), div(conj(v), sub(z, conj(w)))));
      }, zero),
    ),
  );

/** At one node: the bracket of Khat per channel, and x, y of the Woodbury correction. */
function woodbury(r: Complex[][], channels: number) {
  const R = r.length - 1;
  const range = Array.from({ length: R }, (_, i) => i);
  const G = range.map((i) => range.map((j) => add(r[1 + i][channels + j], complex(i === j ? 1 : 0))));
  const transposed = range.map((i) => range.map((j) => G[j][i]));
  const x = solve(
    transposed,
    range.map((j) => r[0][channels + j]),
  );
  const perChannel = Array.from({ length: channels }, (_, c) => {
    const y = solve(
      G,
      range.map((i) => r[1 + i][c]),
    );
    return { y, value: range.reduce((sum, j) => sub(sum, mul(r[0][channels + j], y[j])), r[0][c]) };
  });
  return { x, perChannel };
}

/** z of node m of n. */
const node = (m: number, n: number): Complex => complex(0, 2 * Math.tan((Math.PI * m) / n));
const half = (z: Complex): Complex => complex(1, z.im / 2);
const isNyquist = (m: number, n: number): boolean => 2 * m === n;

export function forward({ inputs, outputs: [K], attrs }: ReferenceCall<S4Attrs>): void {
  if (!K) return;
  const [channels, H] = K.shape;
  const { length, internalLength: n } = attrs;
  for (let h = 0; h < H; h++) {
    const f = feature(inputs, h);
    const re = Array.from({ length: channels }, () => new Float64Array(n));
    const im = Array.from({ length: channels }, () => new Float64Array(n));
    for (let m = 0; 2 * m <= n; m++) {
      const z = node(m, n);
      const values = isNyquist(m, n)
        ? f.b
            .slice(0, channels)
            .map((C) => complex(f.delta * C.reduce((sum, value, i) => sum + mul(value, f.a[0][i]).re, 0)))
        : woodbury(cauchy(f, z), channels).perChannel.map(({ value }) => mul(half(z), value));
      values.forEach((v, c) => {
        re[c][m] = re[c][(n - m) % n] = v.re;
        im[c][m] = m === 0 || isNyquist(m, n) ? 0 : v.im;
        im[c][(n - m) % n] = -im[c][m];
      });
    }
    for (let c = 0; c < channels; c++) {
      fft(re[c], im[c], 1);
      for (let l = 0; l < length; l++) K.data[(c * H + h) * length + l] = re[c][l] / n;
    }
  }
}

export function backward({ inputs, gradOutputs: [g], gradInputs, attrs }: ReferenceCall<S4Attrs>): void {
  if (!g) return;
  const [gInvDt, gReal, gImag, gP, gB, gC] = gradInputs;
  const [channels, H] = g.shape;
  const { length, internalLength: n } = attrs;
  const [S, M] = (inputs[1] as NdArray).shape;
  const R = (inputs[3] as NdArray).shape[0];
  for (let h = 0; h < H; h++) {
    const f = feature(inputs, h);
    const s = h % S;
    const gV = f.a.map(() => f.b.map(() => Array.from({ length: M }, () => zero)));
    const gW = Array.from({ length: M }, () => zero);
    const transforms = Array.from({ length: channels }, (_, c) => {
      const re = new Float64Array(n);
      const im = new Float64Array(n);
      re.set(g.data.subarray((c * H + h) * length, (c * H + h + 1) * length));
      fft(re, im);
      return { re, im };
    });
    for (let m = 0; 2 * m <= n; m++) {
      const weight = (m === 0 || isNyquist(m, n) ? 1 : 2) / n;
      const spectrum = transforms.map(({ re, im }) => scale(complex(re[m], m === 0 ? 0 : im[m]), weight));
      if (isNyquist(m, n)) {
        spectrum.forEach((G, c) => {
          for (let i = 0; i < M; i++) gV[0][c][i] = add(gV[0][c][i], complex(G.re));
        });
        continue;
      }
      const z = node(m, n);
      const { x, perChannel } = woodbury(cauchy(f, z), channels);
      const gr = f.a.map(() => f.b.map(() => zero));
      perChannel.forEach(({ y }, c) => {
        const up = mul(conj(half(z)), spectrum[c]);
        gr[0][c] = up;
        for (let i = 0; i < R; i++) {
          gr[0][channels + i] = sub(gr[0][channels + i], mul(conj(y[i]), up));
          gr[1 + i][c] = scale(mul(conj(x[i]), up), -1);
          for (let j = 0; j < R; j++)
            gr[1 + i][channels + j] = add(gr[1 + i][channels + j], mul(conj(mul(x[i], y[j])), up));
        }
      });
      for (let k = 0; k < M; k++) {
        const w = scale(f.lambda[k], f.delta);
        const near = div(one, sub(z, w));
        const far = div(one, sub(z, conj(w)));
        f.a.forEach((an, i) => {
          f.b.forEach((bn, j) => {
            const v = scale(mul(an[k], bn[k]), f.delta);
            const G = gr[i][j];
            gV[i][j][k] = add(gV[i][j][k], add(mul(conj(near), G), conj(mul(conj(far), G))));
            const n2 = mul(conj(mul(v, mul(near, near))), G);
            const f2 = conj(mul(conj(mul(conj(v), mul(far, far))), G));
            gW[k] = add(gW[k], add(n2, f2));
          });
        });
      }
    }
    let gDelta = 0;
    for (let k = 0; k < M; k++) {
      const gA = f.a.map(() => zero);
      const gBs = f.b.map(() => zero);
      f.a.forEach((an, i) => {
        f.b.forEach((bn, j) => {
          const G = gV[i][j][k];
          gA[i] = add(gA[i], mul(conj(scale(bn[k], f.delta)), G));
          gBs[j] = add(gBs[j], mul(conj(scale(an[k], f.delta)), G));
          gDelta += mul(conj(mul(an[k], bn[k])), G).re;
        });
      });
      const gLambda = scale(gW[k], f.delta);
      gDelta += mul(conj(f.lambda[k]), gW[k]).re;
      accumulate(gB, s * M + k, gA[0]);
      for (let r = 0; r < R; r++) accumulate(gP, (r * S + s) * M + k, add(gA[1 + r], conj(gBs[channels + r])));
      for (let c = 0; c < channels; c++) accumulate(gC, (c * H + h) * M + k, gBs[c]);
      if (gReal) gReal.data[s * M + k] += f.lambda[k].re * gLambda.re;
      if (gImag) gImag.data[s * M + k] -= gLambda.im;
    }
    if (gInvDt) gInvDt.data[h] = f.delta * gDelta;
  }
}

function accumulate(into: NdArray | null, i: number, z: Complex): void {
  if (!into) return;
  into.data[2 * i] += z.re;
  into.data[2 * i + 1] += z.im;
}
