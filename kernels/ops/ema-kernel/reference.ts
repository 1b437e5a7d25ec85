import type { NdArray, ReferenceCall } from '../op.ts';
import type { EmaAttrs } from './op.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The numbers of one decay: those that op.ts names. */
function decay(inputs: (NdArray | null)[], i: number) {
  const [delta, alpha, beta, gamma] = (inputs as NdArray[]).map((x) => x.data[i]);
  const [p, a] = [sigmoid(delta), sigmoid(alpha)];
  return { p, a, beta, gamma, q: 1 - p * a };
}

export function forward({ inputs, outputs: [K], attrs: { length } }: ReferenceCall<EmaAttrs>): void {
  if (!K) return;
  const [R, n] = (inputs[3] as NdArray).shape;
  const w = Math.sqrt(1 / n);
  for (let r = 0; r < R; r++)
    for (let j = 0; j < n; j++) {
      const { p, beta, gamma, q } = decay(inputs, r * n + j);
      for (let l = 0; l < length; l++) K.data[r * length + l] += w * p * beta * gamma * q ** l;
    }
}

export function backward({ inputs, gradOutputs: [g], gradInputs, attrs: { length } }: ReferenceCall<EmaAttrs>): void {
  if (!g) return;
  const [gDelta, gAlpha, gBeta, gGamma] = gradInputs;
  const [R, n] = (inputs[3] as NdArray).shape;
  const w = Math.sqrt(1 / n);
  for (let i = 0; i < R * n; i++) {
    const { p, a, beta, gamma, q } = decay(inputs, i);
    const row = g.data.subarray(Math.floor(i / n) * length, (Math.floor(i / n) + 1) * length);
    let s = 0;
    let d = 0;
    for (let l = 0; l < length; l++) {
      s += row[l] * q ** l;
      if (l > 0) d += l * row[l] * q ** (l - 1);
    }
    d *= w * p * beta * gamma;
    if (gDelta) gDelta.data[i] = p * (1 - p) * (w * beta * gamma * s - a * d);
    if (gAlpha) gAlpha.data[i] = a * (1 - a) * -p * d;
    if (gBeta) gBeta.data[i] = w * p * gamma * s;
    if (gGamma) gGamma.data[i] = w * p * beta * s;
  }
}
