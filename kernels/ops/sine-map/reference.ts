import type { NdArray, ReferenceCall } from '../op.ts';

/** a = x W^T + b at row l, feature f. */
function value([x, W, b]: NdArray[], l: number, f: number): number {
  const E = x.shape[1];
  let a = b.data[f];
  for (let e = 0; e < E; e++) a += x.data[l * E + e] * W.data[f * E + e];
  return a;
}

export function forward({ inputs, outputs: [y] }: ReferenceCall): void {
  if (!y) return;
  const given = inputs as NdArray[];
  const [L, F] = y.shape;
  for (let l = 0; l < L; l++)
    for (let f = 0; f < F; f++) y.data[l * F + f] = Math.sin(given[3].data[f] * value(given, l, f));
}

export function backward({ inputs, gradOutputs: [g], gradInputs }: ReferenceCall): void {
  if (!g) return;
  const given = inputs as NdArray[];
  const [x, W, , frequency] = given;
  const [gx, gW, gb, gFrequency] = gradInputs;
  const [L, F] = g.shape;
  const E = x.shape[1];
  for (let l = 0; l < L; l++)
    for (let f = 0; f < F; f++) {
      const a = value(given, l, f);
      const up = g.data[l * F + f] * Math.cos(frequency.data[f] * a);
      const c = up * frequency.data[f];
      if (gFrequency) gFrequency.data[f] += up * a;
      if (gb) gb.data[f] += c;
      for (let e = 0; e < E; e++) {
        if (gx) gx.data[l * E + e] += c * W.data[f * E + e];
        if (gW) gW.data[f * E + e] += c * x.data[l * E + e];
      }
    }
}
