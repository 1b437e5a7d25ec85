import type { NdArray, ReferenceCall } from '../op.ts';
import type { DiagonalScanAttrs } from './op.ts';

/** Visits the states of each side of each sequence: `order` lists the steps as that side takes them. */
function eachState(
  [, logRe, logIm]: (NdArray | null)[],
  [B, L, columns]: readonly number[],
  sides: number,
  visit: (at: { b: number; s: number; side: number; re: number; im: number; order: number[] }) => void,
): void {
  const S = columns / 2;
  const [wr, wi] = [logRe, logIm] as NdArray[];
  for (let side = 0; side < sides; side++) {
    const order = Array.from({ length: L }, (_, t) => (side === 0 ? t : L - 1 - t));
    for (let s = 0; s < S; s++) {
      const m = Math.exp(wr.data[s]);
      const [re, im] = [m * Math.cos(wi.data[s]), m * Math.sin(wi.data[s])];
      for (let b = 0; b < B; b++) visit({ b, s, side, re, im, order });
    }
  }
}

export function forward({ inputs, outputs: [x], attrs: { sides } }: ReferenceCall<DiagonalScanAttrs>): void {
  const [v, , , start] = inputs;
  if (!x || !v) return;
  const [, L, columns] = v.shape;
  const S = columns / 2;
  eachState(inputs, v.shape, sides, ({ b, s, side, re, im, order }) => {
    let xr = start ? start.data[b * columns + s] : 0;
    let xi = start ? start.data[b * columns + S + s] : 0;
    for (const t of order) {
      const from = (b * L + t) * columns + s;
      const to = (b * L + t) * columns * sides + side * columns + s;
      [xr, xi] = [re * xr - im * xi + v.data[from], re * xi + im * xr + v.data[from + S]];
      x.data[to] = xr;
      x.data[to + S] = xi;
    }
  });
}

export function backward(call: ReferenceCall<DiagonalScanAttrs>): void {
  const { inputs, outputs, gradOutputs, gradInputs } = call;
  const { sides } = call.attrs;
  const [x] = outputs;
  const [g] = gradOutputs;
  const start = inputs[3];
  if (!g || !x) return;
  const [gv, gRe, gIm] = gradInputs;
  const [B, L, all] = x.shape;
  const columns = all / sides;
  const S = columns / 2;
  eachState(inputs, [B, L, columns], sides, ({ b, s, side, re, im, order }) => {
    let [lr, li, ar, ai] = [0, 0, 0, 0];
    for (let k = L - 1; k >= 0; k--) {
      const at = (b * L + order[k]) * all + side * columns + s;
      [lr, li] = [g.data[at] + re * lr + im * li, g.data[at + S] + re * li - im * lr];
      if (gv) {
        const to = (b * L + order[k]) * columns + s;
        gv.data[to] += lr;
        gv.data[to + S] += li;
      }
      const before = k > 0 ? (b * L + order[k - 1]) * all + side * columns + s : -1;
      const pr = before >= 0 ? x.data[before] : start ? start.data[b * columns + s] : 0;
      const pi = before >= 0 ? x.data[before + S] : start ? start.data[b * columns + S + s] : 0;
      ar += pr * lr + pi * li;
      ai += pr * li - pi * lr;
    }
    if (gRe) gRe.data[s] += re * ar + im * ai;
    if (gIm) gIm.data[s] += re * ai - im * ar;
  });
}
