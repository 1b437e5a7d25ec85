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

/** The keys that query i of batch entry b and head e sees. */
export type Visible = (b: number, e: number, i: number) => number[];
interface Row {
  /** Of (B, h, Sq). */
  row: number;
  /** Where its query starts. */
  qi: number;
  keys: number[];
  /** Where the i-th visible key starts. */
  at(i: number): number;
  p: Float64Array;
  lse: number;
}

function eachRow(inputs: (NdArray | null)[], scale: number, visible: Visible, visit: (row: Row) => void): void {
  const [q, k] = inputs as NdArray[];
  const [B, Sq, h, d] = q.shape;
  const Sk = k.shape[1];
  for (let b = 0; b < B; b++)
    for (let e = 0; e < h; e++)
      for (let i = 0; i < Sq; i++) {
        const qi = ((b * Sq + i) * h + e) * d;
        const keys = visible(b, e, i);
        const at = (j: number) => ((b * Sk + keys[j]) * h + e) * d;
        const scores = Float64Array.from(keys, (_, j) => scale * dot(q.data, qi, k.data, at(j), d));
        const max = scores.reduce((x, y) => Math.max(x, y), Number.NEGATIVE_INFINITY);
        const p = scores.map((x) => Math.exp(x - max));
        const sum = p.reduce((x, y) => x + y, 0);
        const lse = keys.length ? max + Math.log(sum) : 0;
        visit({ row: (b * h + e) * Sq + i, qi, keys, at, p: p.map((x) => x / sum), lse });
      }
}

/** Attention over the pairs that `visible` lists. */
export function attend({ inputs, outputs: [o, lse, P] }: ReferenceCall, scale: number, visible: Visible): void {
  const [, k, v] = inputs;
  if (!k || !v || !o || !lse) return;
  const [, Sk, , d] = k.shape;
  eachRow(inputs, scale, visible, ({ row, qi, keys, at, p, lse: logSum }) => {
    lse.data[row] = logSum;
    keys.forEach((key, j) => {
      axpy(d, p[j], v.data, at(j), o.data, qi);
      if (P) P.data[row * Sk + key] = p[j];
    });
  });
}

/** Its gradients. */
export function attendBackward(call: ReferenceCall, scale: number, visible: Visible): void {
  const {
    inputs,
    gradOutputs: [go, glse, gP],
    gradInputs: [gq, gk, gv],
  } = call;
  const [q, k, v] = inputs;
  if (!q || !k || !v) return;
  const [, Sk, , d] = k.shape;
  eachRow(inputs, scale, visible, ({ row, qi, keys, at, p }) => {
    const dp = keys.map((key, j) => (go ? dot(go.data, qi, v.data, at(j), d) : 0) + (gP ? gP.data[row * Sk + key] : 0));
    const delta = dp.reduce((x, y, j) => x + y * p[j], 0);
    keys.forEach((_, j) => {
      const ds = scale * p[j] * (dp[j] - delta + (glse ? glse.data[row] : 0));
      if (gq) axpy(d, ds, k.data, at(j), gq.data, qi);
      if (gk) axpy(d, ds, q.data, qi, gk.data, at(j));
      if (gv && go) axpy(d, p[j], go.data, qi, gv.data, at(j));
    });
  });
}

function whole({ inputs, attrs }: ReferenceCall<AttentionAttrs>): Visible {
  const lengths = inputs[3];
  const sizes = attentionSizes(
    'attention',
    inputs.map((x) => x?.shape ?? null),
  );
  return (b, _, i) => {
    const count = visibleKeys(sizes, attrs.causal, lengths ? lengths.data[b] : null, i);
    return Array.from({ length: count }, (_, j) => j);
  };
}

export const forward = (call: ReferenceCall<AttentionAttrs>): void => attend(call, call.attrs.scale, whole(call));
export const backward = (call: ReferenceCall<AttentionAttrs>): void =>
  attendBackward(call, call.attrs.scale, whole(call));
