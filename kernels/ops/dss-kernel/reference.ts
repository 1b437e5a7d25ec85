import {
  add,
  type Complex,
  complex,
  conj,
  exp,
  expm1,
  mul,
  one,
  pair,
  phi,
  scale,
  square,
  zero,
} from '../../numerics/complex.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import { type DssAttrs, spanOf, stepsOf } from './op.ts';

/** One mode of one channel, and the pullback of the gradients of x and f to lambda and the two steps. */
export interface Mode {
  lambda: Complex;
  x: Complex;
  f: Complex;
  /** Subtracted from l in the powers. */
  shift: number;
  pull(gX: Complex, gF: Complex): { lambda: Complex; steps: [number, number] };
}

/** The steps of the real and the imaginary part. */
export type Steps = readonly [number, number];

/** f, and the pullback of its gradient to x, lambda and, where there is one step, that step. */
function factor(lambda: Complex, x: Complex, single: number | null, attrs: DssAttrs) {
  const { scaling, epsilon } = attrs;
  const S = spanOf(attrs);
  if (scaling === 'none') return { f: one, pull: () => ({ x: zero, lambda: zero, step: 0 }) };
  if (scaling === 'zoh' && single !== null && square(lambda) > epsilon) {
    // f = step phi(step lambda): as it stands the quotient's derivative cancels near lambda = 0.
    const { value, slope } = phi(x);
    const pull = (gF: Complex) => ({
      x: zero,
      lambda: mul(conj(scale(slope, single * single)), gF),
      step: mul(conj(exp(x)), gF).re,
    });
    return { f: scale(value, single), pull };
  }
  if (scaling === 'zoh') {
    const first = expm1(x);
    const D = Math.max(square(lambda), epsilon);
    const r = scale(conj(lambda), 1 / D);
    const pull = (gF: Complex) => {
      const gR = mul(conj(first), gF);
      // 1/lambda is holomorphic; conj(lambda)/epsilon is its conjugate's multiple.
      const gLambda = square(lambda) > epsilon ? scale(mul(conj(mul(r, r)), gR), -1) : scale(conj(gR), 1 / epsilon);
      return { x: mul(conj(add(first, one)), mul(conj(r), gF)), lambda: gLambda, step: 0 };
    };
    return { f: mul(first, r), pull };
  }
  const sign = lambda.re > 0 ? -1 : 1;
  const first = expm1(scale(x, sign));
  const last = expm1(scale(x, sign * S));
  const y = mul(last, lambda);
  const D = square(y) + epsilon;
  const r = scale(conj(y), 1 / D);
  const pull = (gF: Complex) => {
    const gR = mul(conj(first), gF);
    // r(y) is not holomorphic: dr/dy = -conj(y)^2/D^2, dr/dconj(y) = epsilon/D^2
    const gY = add(scale(mul(mul(y, y), gR), -1 / (D * D)), scale(conj(gR), epsilon / (D * D)));
    const gLast = mul(conj(scale(add(last, one), sign * S)), mul(conj(lambda), gY));
    const gFirst = mul(conj(scale(add(first, one), sign)), mul(conj(r), gF));
    return { x: add(gLast, gFirst), lambda: mul(conj(last), gY), step: 0 };
  };
  return { f: mul(first, r), pull };
}

/** A mode with steps (a, b); `single`: they are the same number. */
export function discretised(lambda: Complex, [a, b]: Steps, single: boolean, attrs: DssAttrs): Mode {
  const x = complex(a * lambda.re, b * lambda.im);
  const { f, pull } = factor(lambda, x, single ? a : null, attrs);
  return {
    lambda,
    x,
    f,
    shift: attrs.scaling === 'softmax' && lambda.re > 0 ? spanOf(attrs) - 1 : 0,
    pull(gX, gF) {
      const more = pull(gF);
      const g = add(gX, more.x);
      return {
        lambda: add(more.lambda, complex(a * g.re, b * g.im)),
        steps: [lambda.re * g.re + more.step, lambda.im * g.im],
      };
    },
  };
}

/** lambda from its stored parts, and what a gradient with respect to it is multiplied by to get theirs. */
export function storedLambda(re: number, im: number, { real, imag, ceiling }: DssAttrs) {
  const a = real === 'negative-exp' ? -Math.exp(re) : Math.min(re, ceiling ?? Number.POSITIVE_INFINITY);
  const b = imag === 'exp' ? Math.exp(im) : im;
  const slopeRe = real === 'negative-exp' ? a : re <= (ceiling ?? Number.POSITIVE_INFINITY) ? 1 : 0;
  return { lambda: complex(a, b), slopeRe, slopeIm: imag === 'exp' ? b : 1 };
}

/** Steps of channel h. */
export function stepsAt(logStep: NdArray | null, h: number): Steps {
  const n = stepsOf(logStep?.shape ?? null);
  if (!logStep || n === 0) return [1, 1];
  return [Math.exp(logStep.data[h * n]), Math.exp(logStep.data[h * n + n - 1])];
}

type Visit = (h: number, n: number, mode: Mode, powers: Complex[]) => void;

/** Every channel and mode; the powers over time are made once where all channels have the same. */
function eachMode(inputs: (NdArray | null)[], attrs: DssAttrs, visit: Visit): void {
  const [logStep, re, im, W] = inputs as [NdArray | null, NdArray, NdArray, NdArray];
  const H = W.shape[1];
  const single = stepsOf(logStep?.shape ?? null) < 2;
  for (let n = 0; n < re.shape[0]; n++) {
    const { lambda } = storedLambda(re.data[n], im.data[n], attrs);
    let powers: Complex[] | null = null;
    for (let h = 0; h < H; h++) {
      const mode = discretised(lambda, stepsAt(logStep, h), single, attrs);
      if (!powers || logStep)
        powers = Array.from({ length: attrs.length }, (_, l) => exp(scale(mode.x, l - mode.shift)));
      visit(h, n, mode, powers);
    }
  }
}

export function forward({ inputs, outputs: [K], attrs }: ReferenceCall<DssAttrs>): void {
  if (!K) return;
  const W = inputs[3] as NdArray;
  const [C, H, N] = W.shape;
  const L = attrs.length;
  eachMode(inputs, attrs, (h, n, { f }, powers) => {
    for (let c = 0; c < C; c++) {
      const k = mul(pair(W.data, (c * H + h) * N + n), f);
      const row = (c * H + h) * L;
      powers.forEach((p, l) => {
        K.data[row + l] += k.re * p.re - k.im * p.im;
      });
    }
  });
}

export function backward({ inputs, gradOutputs: [g], gradInputs, attrs }: ReferenceCall<DssAttrs>): void {
  if (!g) return;
  const [logStep, re, im, W] = inputs as [NdArray | null, NdArray, NdArray, NdArray];
  const [gStep, gRe, gIm, gW] = gradInputs;
  const [C, H, N] = W.shape;
  const L = attrs.length;
  const count = stepsOf(logStep?.shape ?? null);
  eachMode(inputs, attrs, (h, n, mode, powers) => {
    let gF = zero;
    let gX = zero;
    for (let c = 0; c < C; c++) {
      const at = (c * H + h) * N + n;
      let [sr, si, qr, qi] = [0, 0, 0, 0];
      powers.forEach((p, l) => {
        const up = g.data[(c * H + h) * L + l];
        sr += up * p.re;
        si += up * p.im;
        qr += up * l * p.re;
        qi += up * l * p.im;
      });
      const [s, q] = [complex(sr, -si), complex(qr, -qi)];
      const w = pair(W.data, at);
      gF = add(gF, mul(conj(w), s));
      gX = add(gX, mul(conj(mul(w, mode.f)), q));
      if (gW) {
        const G = mul(conj(mode.f), s);
        gW.data[2 * at] += G.re;
        gW.data[2 * at + 1] += G.im;
      }
    }
    const pulled = mode.pull(gX, gF);
    const { slopeRe, slopeIm } = storedLambda(re.data[n], im.data[n], attrs);
    if (gRe) gRe.data[n] += slopeRe * pulled.lambda.re;
    if (gIm) gIm.data[n] += slopeIm * pulled.lambda.im;
    if (!gStep) return;
    const steps = stepsAt(logStep, h);
    pulled.steps.forEach((d, i) => {
      gStep.data[h * count + Math.min(i, count - 1)] += steps[i] * d;
    });
  });
}
