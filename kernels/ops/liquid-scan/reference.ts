import {
  add,
  type Complex,
  complex,
  conj,
  div,
  exp,
  mul,
  one,
  pair,
  phi,
  scale,
  sub,
  zero,
} from '../../numerics/complex.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import type { LiquidAttrs } from './op.ts';

/** abar and the factor f of B, with their derivatives by A and by the step; all holomorphic. */
function discretise(disc: LiquidAttrs['disc'], A: Complex, dt: number) {
  const x = scale(A, dt);
  if (disc === 'zoh') {
    const { value, slope } = phi(x);
    const a = exp(x);
    return { a, f: scale(value, dt), aA: scale(a, dt), aDt: mul(A, a), fA: scale(slope, dt * dt), fDt: a };
  }
  const below = sub(one, scale(x, 0.5));
  const square = div(one, mul(below, below));
  return {
    a: div(add(one, scale(x, 0.5)), below),
    f: scale(div(one, below), dt),
    aA: scale(square, dt),
    aDt: mul(A, square),
    fA: scale(square, (dt * dt) / 2),
    fDt: square,
  };
}

interface Mode {
  h: number;
  n: number;
  /** Place in aReal, aImag and B; in C. */
  s: number;
  k: number;
  A: Complex;
  dt: number;
  B: Complex;
  C: Complex;
  step: ReturnType<typeof discretise>;
  b: Complex;
}

function eachMode(inputs: (NdArray | null)[], { disc }: LiquidAttrs, visit: (mode: Mode) => void): void {
  const [, invDt, aReal, aImag, B, C] = inputs as NdArray[];
  const [S, M] = aReal.shape;
  for (let h = 0; h < C.shape[1]; h++)
    for (let n = 0; n < M; n++) {
      const s = (h % S) * M + n;
      const k = h * M + n;
      const A = complex(-Math.exp(aReal.data[s]), -aImag.data[s]);
      const dt = Math.exp(invDt.data[h]);
      const step = discretise(disc, A, dt);
      const input = pair(B.data, s);
      visit({ h, n, s, k, A, dt, B: input, C: pair(C.data, k), step, b: mul(step.f, input) });
    }
}

/** The states x_{-1}, x_0, .., x_{L-1} of one mode of sequence b. */
function states([u, , , , , , , start]: (NdArray | null)[], b: number, { h, n, step, b: bbar }: Mode): Complex[] {
  const [, L, H] = (u as NdArray).shape;
  const M = start ? start.shape[1] : 0;
  const at = (b * M + n) * 2 * H + h;
  const x = [start ? complex(start.data[at], start.data[at + H]) : zero];
  for (let t = 0; t < L; t++) {
    const drive = scale(bbar, (u as NdArray).data[(b * L + t) * H + h]);
    x.push(add(mul(add(step.a, drive), x[t]), drive));
  }
  return x;
}

export function forward({ inputs, outputs: [y, state], attrs }: ReferenceCall<LiquidAttrs>): void {
  const [u, , , , , , D] = inputs as [NdArray, NdArray, NdArray, NdArray, NdArray, NdArray, NdArray | null];
  const [B, L, H] = u.shape;
  if (y && D) for (let i = 0; i < y.data.length; i++) y.data[i] = D.data[i % H] * u.data[i];
  eachMode(inputs, attrs, (mode) => {
    for (let b = 0; b < B; b++) {
      const x = states(inputs, b, mode);
      for (let t = 0; y && t < L; t++) y.data[(b * L + t) * H + mode.h] += 2 * mul(mode.C, x[t + 1]).re;
      if (!state) continue;
      const at = (b * state.shape[1] + mode.n) * 2 * H + mode.h;
      [state.data[at], state.data[at + H]] = [x[L].re, x[L].im];
    }
  });
}

export function backward({ inputs, gradOutputs: [g], gradInputs, attrs }: ReferenceCall<LiquidAttrs>): void {
  const [u, , , , , , D] = inputs as [NdArray, NdArray, NdArray, NdArray, NdArray, NdArray, NdArray | null];
  const [gu, gInvDt, gReal, gImag, gB, gC, gD] = gradInputs;
  if (!g) return;
  const [B, L, H] = u.shape;
  g.data.forEach((up, i) => {
    if (gu && D) gu.data[i] += D.data[i % H] * up;
    if (gD) gD.data[i % H] += up * u.data[i];
  });
  eachMode(inputs, attrs, (mode) => {
    const { h, s, k, A, dt, C, step, b: bbar } = mode;
    let [gA, gInput, gOutput] = [zero, zero, zero];
    for (let b = 0; b < B; b++) {
      const x = states(inputs, b, mode);
      let carried = zero;
      for (let t = L - 1; t >= 0; t--) {
        const at = (b * L + t) * H + h;
        const l = add(scale(conj(C), 2 * g.data[at]), carried);
        const gF = mul(l, conj(x[t]));
        const both = add(gF, l);
        gA = add(gA, gF);
        gInput = add(gInput, scale(both, u.data[at]));
        gOutput = add(gOutput, scale(conj(x[t + 1]), 2 * g.data[at]));
        if (gu) gu.data[at] += mul(conj(bbar), both).re;
        carried = mul(conj(add(step.a, scale(bbar, u.data[at]))), l);
      }
    }
    const factor = mul(conj(mode.B), gInput);
    const toA = add(mul(conj(step.aA), gA), mul(conj(step.fA), factor));
    if (gReal) gReal.data[s] += A.re * toA.re;
    if (gImag) gImag.data[s] -= toA.im;
    if (gInvDt) gInvDt.data[h] += dt * (mul(conj(step.aDt), gA).re + mul(conj(step.fDt), factor).re);
    accumulate(gB, s, mul(conj(step.f), gInput));
    accumulate(gC, k, gOutput);
  });
}

function accumulate(into: NdArray | null, i: number, z: Complex): void {
  if (!into) return;
  into.data[2 * i] += z.re;
  into.data[2 * i + 1] += z.im;
}
