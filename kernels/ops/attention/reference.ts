import type { NdArray, ReferenceCall } from '../op.ts';
import { type AttentionAttrs, attentionSizes, visibleKeys } from './op.ts';

type Data = Float64Array | Int32Array;
const dot = (x: Data, i: number, y: Data, j: number, n: number): number => {
  let s = 0;
  for (let c = 0; c < n; c++) s += x[i + c] * y[j + c];
  return s;
};
const axpy = (n: number, a: number, x: Data, i: number, y: Data, j: number): void => {
  for (let c = 0; c < n; c++) y[j + c] += a * x[i + c];
};

/** Calls visit(row, q offset, k offset of each visible key, P of the row, log-sum-exp) for every query. */
function rows(
  inputs: (NdArray | null)[],
  attrs: AttentionAttrs,
  visit: (row: number, qi: number, keys: number[], p: Float64Array, lse: number) => void,
): void {
  const [q, k, , lengths] = inputs;
  if (!q || !k) return;
  const s = attentionSizes(
    'attention',
    inputs.map((x) => x?.shape ?? null),
  );
  const { B, Sq, Sk, h, d } = s;
  for (let b = 0; b < B; b++)
    for (let e = 0; e < h; e++)
      for (let i = 0; i < Sq; i++) {
        const qi = ((b * Sq + i) * h + e) * d;
        const count = visibleKeys(s, attrs.causal, lengths ? lengths.data[b] : null, i);
        const keys = Array.from({ length: count }, (_, j) => ((b * Sk + j) * h + e) * d);
        const scores = Float64Array.from(keys, (kj) => attrs.scale * dot(q.data, qi, k.data, kj, d));
        const max = scores.reduce((x, y) => Math.max(x, y), Number.NEGATIVE_INFINITY);
        const p = scores.map((x) => Math.exp(x - max));
        const sum = p.reduce((x, y) => x + y, 0);
        visit(
          (b * h + e) * Sq + i,
          qi,
          keys,
          p.map((x) => x / sum),
          count ? max + Math.log(sum) : 0,
        );
      }
}

export function forward({ inputs, outputs: [o, lse, P], attrs }: ReferenceCall<AttentionAttrs>): void {
  const [, k, v] = inputs;
  if (!k || !v || !o || !lse) return;
  const [, Sk, , d] = k.shape;
  rows(inputs, attrs, (row, qi, keys, p, logSum) => {
    lse.data[row] = logSum;
    keys.forEach((kj, j) => {
      axpy(d, p[j], v.data, kj, o.data, qi);
      if (P) P.data[row * Sk + j] = p[j];
    });
  });
}

export function backward(call: ReferenceCall<AttentionAttrs>): void {
  const {
    inputs,
    gradOutputs: [go, glse, gP],
    gradInputs: [gq, gk, gv],
    attrs,
  } = call;
  const [q, k, v] = inputs;
  if (!q || !k || !v) return;
  const [, Sk, , d] = k.shape;
  rows(inputs, attrs, (row, qi, keys, p) => {
    const dp = keys.map((kj, j) => (go ? dot(go.data, qi, v.data, kj, d) : 0) + (gP ? gP.data[row * Sk + j] : 0));
    const delta = dp.reduce((x, y, j) => x + y * p[j], 0);
    keys.forEach((kj, j) => {
      const ds = attrs.scale * p[j] * (dp[j] - delta + (glse ? glse.data[row] : 0));
      if (gq) axpy(d, ds, k.data, kj, gq.data, qi);
      if (gk) axpy(d, ds, q.data, qi, gk.data, kj);
      if (gv && go) axpy(d, p[j], go.data, qi, gv.data, kj);
    });
  });
}
