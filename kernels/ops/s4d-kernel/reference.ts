import {
  add,
  type Complex,
  complex,
  conj,
  div,
  exp,
  expm1,
  logBilinear,
  mul,
  one,
  pair,
  phi,
  scale,
  square,
  sub,
  zero,
} from '../../numerics/complex.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import type { S4dAttrs } from './op.ts';

/** One discretised mode: log Abar, the factor f of B, and the pullback of their gradients to (A, delta). */
interface Step {
  log: Complex;
  f: Complex;
  pull(gLog: Complex, gF: Complex): { A: Complex; delta: number };
}

/** Pullback when log and f are holomorphic in A and delta: G_A = conj(df/dA) G_f + conj(dlog/dA) G_log, and so on. */
const holomorphic =
  (fA: Complex, fDelta: Complex, logA: Complex, logDelta: Complex): Step['pull'] =>
  (gLog, gF) => ({
    A: add(mul(conj(fA), gF), mul(conj(logA), gLog)),
    delta: mul(conj(fDelta), gF).re + mul(conj(logDelta), gLog).re,
  });

const steps: Record<S4dAttrs['disc'], (A: Complex, delta: number, L: number) => Step> = {
  zoh(A, delta) {
    const x = scale(A, delta);
    const { value, slope } = phi(x);
    const pull = holomorphic(scale(slope, delta * delta), exp(x), complex(delta), A);
    return { log: x, f: scale(value, delta), pull };
  },
  bilinear(A, delta) {
    const x = scale(A, delta);
    const below = sub(one, scale(x, 0.5));
    const inverse = div(one, mul(below, below));
    const fourth = div(one, sub(one, scale(mul(x, x), 0.25)));
    const pull = holomorphic(scale(inverse, (delta * delta) / 2), inverse, scale(fourth, delta), mul(A, fourth));
    return { log: logBilinear(x), f: scale(div(one, below), delta), pull };
  },
  dss(A, delta, L) {
    const x = scale(A, delta);
    const first = expm1(x);
    const last = expm1(scale(x, L));
    const y = mul(last, A);
    const D = square(y) + 1e-7;
    const r = scale(conj(y), 1 / D);
    const pull: Step['pull'] = (gLog, gF) => {
      const gR = mul(conj(first), gF);
      // r(y) is not holomorphic: dr/dy = -conj(y)^2/D^2, dr/dconj(y) = 1e-7/D^2
      const gY = add(scale(mul(mul(y, y), gR), -1 / (D * D)), scale(conj(gR), 1e-7 / (D * D)));
      const gLast = mul(conj(scale(add(last, one), L)), mul(conj(A), gY));
      const gX = add(add(gLog, gLast), mul(conj(add(first, one)), mul(conj(r), gF)));
      return { A: add(mul(conj(last), gY), scale(gX, delta)), delta: mul(conj(A), gX).re };
    };
    return { log: x, f: mul(first, r), pull };
  },
};

/** Calls `visit` for every feature and mode. */
function eachMode(
  inputs: (NdArray | null)[],
  { length, disc }: S4dAttrs,
  visit: (m: { h: number; s: number; n: number; M: number; A: Complex; delta: number; B: Complex; step: Step }) => void,
): void {
  const [invDt, aReal, aImag, B] = inputs as NdArray[];
  const H = invDt.shape[0];
  const [S, M] = aReal.shape;
  for (let h = 0; h < H; h++)
    for (let n = 0; n < M; n++) {
      const s = h % S;
      const A = complex(-Math.exp(aReal.data[s * M + n]), -aImag.data[s * M + n]);
      const delta = Math.exp(invDt.data[h]);
      visit({ h, s, n, M, A, delta, B: pair(B.data, s * M + n), step: steps[disc](A, delta, length) });
    }
}

/** 1, z, .., z^P. */
function powersOf(z: Complex, { degree = 1 }: S4dAttrs): Complex[] {
  const powers = [one];
  for (let p = 1; p <= degree; p++) powers.push(mul(powers[p - 1], z));
  return powers;
}

export function forward({ inputs, outputs: [K], attrs }: ReferenceCall<S4dAttrs>): void {
  const C = inputs[4] as NdArray;
  if (!K) return;
  const [channels, H] = C.shape;
  const L = attrs.length;
  const kappa = attrs.disc === 'dss' ? 1 : 2;
  const rows = channels * (attrs.degree ?? 1);
  eachMode(inputs, attrs, ({ h, n, M, B, step }) => {
    const z = powersOf(mul(B, step.f), attrs);
    for (let l = 0; l < L; l++) {
      const power = exp(scale(step.log, l));
      for (let r = 0; r < rows; r++) {
        const term = mul(mul(pair(C.data, ((r % channels) * H + h) * M + n), z[1 + Math.floor(r / channels)]), power);
        K.data[(r * H + h) * L + l] += kappa * term.re;
      }
    }
  });
}

export function backward({ inputs, gradOutputs: [g], gradInputs, attrs }: ReferenceCall<S4dAttrs>): void {
  const C = inputs[4] as NdArray;
  if (!g) return;
  const [gInvDt, gReal, gImag, gB, gC] = gradInputs;
  const [channels, H] = C.shape;
  const L = attrs.length;
  const kappa = attrs.disc === 'dss' ? 1 : 2;
  eachMode(inputs, attrs, ({ h, s, n, M, A, delta, B, step }) => {
    const input = mul(B, step.f);
    const z = powersOf(input, attrs);
    const sums = Array.from({ length: channels * (attrs.degree ?? 1) }, () => ({ s: zero, q: zero }));
    for (let l = 0; l < L; l++) {
      const power = exp(scale(step.log, l));
      sums.forEach((sum, r) => {
        const term = scale(power, g.data[(r * H + h) * L + l]);
        sum.s = add(sum.s, term);
        sum.q = add(sum.q, scale(term, l));
      });
    }
    let gInput = zero;
    let gLog = zero;
    sums.forEach((sum, r) => {
      const at = ((r % channels) * H + h) * M + n;
      const p = 1 + Math.floor(r / channels);
      const Cn = pair(C.data, at);
      const S = conj(scale(sum.s, kappa));
      gInput = add(gInput, mul(conj(scale(mul(Cn, z[p - 1]), p)), S));
      gLog = add(gLog, mul(conj(mul(Cn, z[p])), conj(scale(sum.q, kappa))));
      accumulate(gC, at, mul(conj(z[p]), S));
    });
    accumulate(gB, s * M + n, mul(conj(step.f), gInput));
    const gF = mul(conj(B), gInput);
    const pulled = step.pull(gLog, gF);
    if (gReal) gReal.data[s * M + n] += A.re * pulled.A.re;
    if (gImag) gImag.data[s * M + n] -= pulled.A.im;
    if (gInvDt) gInvDt.data[h] += delta * pulled.delta;
  });
}

function accumulate(into: NdArray | null, i: number, z: Complex): void {
  if (!into) return;
  into.data[2 * i] += z.re;
  into.data[2 * i + 1] += z.im;
}
