import {
  add,
  type Complex,
  complex,
  conj,
  div,
  exp,
  logBilinear,
  mul,
  one,
  pair,
  phi,
  scale,
  sub,
  zero,
} from '../../numerics/complex.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import type { S5SystemAttrs } from './op.ts';

interface Discretised {
  log: Complex;
  f: Complex;
  /** Derivatives, all holomorphic: of log and f by A and by delta. */
  logA: Complex;
  logDelta: Complex;
  fA: Complex;
  fDelta: Complex;
}

function discretise(disc: S5SystemAttrs['disc'], A: Complex, delta: number): Discretised {
  const x = scale(A, delta);
  if (disc === 'zoh') {
    const { value, slope } = phi(x);
    return {
      log: x,
      f: scale(value, delta),
      logA: complex(delta),
      logDelta: A,
      fA: scale(slope, delta * delta),
      fDelta: exp(x),
    };
  }
  const below = sub(one, scale(x, 0.5));
  const inverse = div(one, mul(below, below));
  const fourth = div(one, sub(one, scale(mul(x, x), 0.25)));
  return {
    log: logBilinear(x),
    f: scale(div(one, below), delta),
    logA: scale(fourth, delta),
    logDelta: mul(A, fourth),
    fA: scale(inverse, (delta * delta) / 2),
    fDelta: inverse,
  };
}

function eachState(
  [re, im, step]: (NdArray | null)[],
  { disc, clip, rescale }: S5SystemAttrs,
  visit: (s: number, delta: number, held: boolean, d: Discretised) => void,
): void {
  const [lambdaRe, lambdaIm, logStep] = [re, im, step] as NdArray[];
  for (let s = 0; s < lambdaRe.data.length; s++) {
    const delta = rescale * Math.exp(logStep.data[s]);
    const held = clip && lambdaRe.data[s] > -1e-4;
    const A = complex(held ? -1e-4 : lambdaRe.data[s], lambdaIm.data[s]);
    visit(s, delta, held, discretise(disc, A, delta));
  }
}

/** Visits the entries of the output map: column `at` of `output` holds the real part, `at + S` the imaginary part. */
function eachOutput(
  parts: [NdArray | null, NdArray | null],
  [H, columns]: readonly number[],
  sides: number,
  apart: boolean,
  visit: (store: NdArray, entry: number, at: number, S: number) => void,
): void {
  const S = columns / (2 * sides);
  for (let h = 0; h < H; h++)
    for (let side = 0; side < sides; side++)
      for (let s = 0; s < S; s++) {
        const store = apart ? parts[side] : parts[0];
        const entry = apart ? h * S + s : h * sides * S + side * S + s;
        if (store) visit(store, entry, h * columns + side * 2 * S + s, S);
      }
}

export function forward({ inputs, outputs, attrs }: ReferenceCall<S5SystemAttrs>): void {
  const [logRe, logIm, input, output] = outputs;
  const [, , , B, C, C2] = inputs as [NdArray, NdArray, NdArray, NdArray, NdArray, NdArray | null];
  const [S, H] = B.shape;
  eachState(inputs, attrs, (s, _delta, _held, { log, f }) => {
    if (logRe) logRe.data[s] = log.re;
    if (logIm) logIm.data[s] = log.im;
    for (let h = 0; input && h < H; h++) {
      const z = mul(f, pair(B.data, s * H + h));
      input.data[s * H + h] = z.re;
      input.data[(S + s) * H + h] = z.im;
    }
  });
  const k = attrs.conjugate ? 2 : 1;
  if (output)
    eachOutput([C, C2], output.shape, attrs.sides, C2 !== null, (store, entry, at, half) => {
      output.data[at] = k * store.data[2 * entry];
      output.data[at + half] = -k * store.data[2 * entry + 1];
    });
}

export function backward({ inputs, gradOutputs, gradInputs, attrs }: ReferenceCall<S5SystemAttrs>): void {
  const [gLogRe, gLogIm, gInput, gOutput] = gradOutputs;
  const [gRe, gIm, gStep, gB, gC, gC2] = gradInputs;
  const B = inputs[3] as NdArray;
  const [S, H] = B.shape;
  eachState(inputs, attrs, (s, delta, held, d) => {
    const gLog = complex(gLogRe ? gLogRe.data[s] : 0, gLogIm ? gLogIm.data[s] : 0);
    let gF = zero;
    for (let h = 0; h < H; h++) {
      const g = gInput ? complex(gInput.data[s * H + h], gInput.data[(S + s) * H + h]) : zero;
      gF = add(gF, mul(conj(pair(B.data, s * H + h)), g));
      const z = mul(conj(d.f), g);
      if (gB) [gB.data[2 * (s * H + h)], gB.data[2 * (s * H + h) + 1]] = [z.re, z.im];
    }
    const gA = add(mul(conj(d.fA), gF), mul(conj(d.logA), gLog));
    if (gRe) gRe.data[s] = held ? 0 : gA.re;
    if (gIm) gIm.data[s] = gA.im;
    if (gStep) gStep.data[s] = delta * (mul(conj(d.fDelta), gF).re + mul(conj(d.logDelta), gLog).re);
  });
  const k = attrs.conjugate ? 2 : 1;
  const sides = attrs.sides;
  // Whether the two sides were stored apart shows in the gradients that are asked for, or in the width of C's.
  const apart = gC2 !== null || (gC !== null && sides === 2 && gC.shape[1] === S);
  eachOutput([gC, gC2], [H, sides * 2 * S], sides, apart, (store, entry, at, half) => {
    store.data[2 * entry] = gOutput ? k * gOutput.data[at] : 0;
    store.data[2 * entry + 1] = gOutput ? -k * gOutput.data[at + half] : 0;
  });
}
