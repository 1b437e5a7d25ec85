import type { NdArray, ReferenceCall } from '../op.ts';
import { type FeatureMap, type KernelAttentionAttrs, type KernelAttentionSizes, kernelAttentionSizes } from './op.ts';

type Call = ReferenceCall<KernelAttentionAttrs>;

const features: Record<FeatureMap, (x: number) => number> = {
  given: (x) => x,
  'elu+1': (x) => (x > 0 ? x + 1 : Math.exp(x)),
};
const slopes: Record<FeatureMap, (x: number) => number> = {
  given: () => 1,
  'elu+1': (x) => (x > 0 ? 1 : Math.exp(x)),
};

/** One head of one sequence, in plain arrays. */
interface Head {
  z: KernelAttentionSizes;
  /** Features of queries and keys (m), values (e). */
  q: number[][];
  k: number[][];
  v: number[][];
  /** Keys that query i sees: those below this. */
  visible(i: number): number;
  /** (e + 1, m) */
  start: number[][];
}

const row = ({ data, shape }: NdArray, b: number, i: number, head: number): number[] => {
  const [, S, h, d] = shape;
  const at = ((b * S + i) * h + head) * d;
  return Array.from(data.subarray(at, at + d));
};
const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0);

function heads({ inputs: [q, k, v, lengths, start], attrs }: Call, each: (b: number, h: number, head: Head) => void) {
  if (!q || !k || !v) return;
  const z = kernelAttentionSizes([q.shape, k.shape, v.shape, lengths?.shape ?? null, start?.shape ?? null]);
  const phi = features[attrs.map];
  const range = (n: number) => Array.from({ length: n }, (_, i) => i);
  for (let b = 0; b < z.B; b++)
    for (let h = 0; h < z.h; h++) {
      const keys = lengths ? Math.min(z.Sk, Math.max(0, lengths.data[b])) : z.Sk;
      each(b, h, {
        z,
        q: range(z.Sq).map((i) => row(q, b, i, h).map(phi)),
        k: range(keys).map((j) => row(k, b, j, h).map(phi)),
        v: range(keys).map((j) => row(v, b, j, h)),
        visible: (i) => (attrs.causal ? Math.min(keys, i + 1) : keys),
        start: range(z.e + 1).map((r) =>
          range(z.m).map((f) => (start ? start.data[((b * z.h + h) * (z.e + 1) + r) * z.m + f] : 0)),
        ),
      });
    }
}

/** start + sum of (v_j, 1) phi(k_j)^T over keys below `count`; counts must not fall from one call to the next. */
function growingSums({ z, k, v, start }: Head): (count: number) => number[][] {
  const S = start.map((r) => [...r]);
  let j = 0;
  return (count) => {
    for (; j < count; j++)
      for (let r = 0; r <= z.e; r++) for (let f = 0; f < z.m; f++) S[r][f] += (r < z.e ? v[j][r] : 1) * k[j][f];
    return S;
  };
}

export function forward(call: Call): void {
  const [o, norm, state] = call.outputs;
  const { eps, keyEps } = call.attrs;
  heads(call, (b, h, head) => {
    const { Sq, e, m, h: all } = head.z;
    const sums = growingSums(head);
    for (let i = 0; i < Sq; i++) {
      const S = sums(head.visible(i));
      const n = dot(
        S[e].map((x) => x + keyEps),
        head.q[i],
      );
      if (norm) norm.data[(b * all + h) * Sq + i] = n + eps;
      for (let r = 0; r < e && o; r++)
        o.data[((b * Sq + i) * all + h) * e + r] = n + eps === 0 ? 0 : dot(S[r], head.q[i]) / (n + eps);
    }
    if (state) state.data.set(sums(head.k.length).flat(), (b * all + h) * (e + 1) * m);
  });
}

export function backward(call: Call): void {
  const [q, k] = call.inputs;
  const [o, norm] = call.outputs;
  const [g] = call.gradOutputs;
  const [gq, gk, gv] = call.gradInputs;
  const { keyEps } = call.attrs;
  if (!q || !k || !o || !norm || !g) return;
  const slope = slopes[call.attrs.map];
  heads(call, (b, h, head) => {
    const { Sq, Sk, e, m, h: all } = head.z;
    const sums = growingSums(head);
    for (let i = 0; i < Sq; i++) {
      const n = norm.data[(b * all + h) * Sq + i];
      if (n === 0) continue;
      const up = row(g, b, i, h).map((x) => x / n);
      up.push(-dot(up, row(o, b, i, h)));
      const S = sums(head.visible(i));
      for (let f = 0; f < m && gq; f++) {
        const at = ((b * Sq + i) * all + h) * m + f;
        let d = keyEps * up[e];
        for (let r = 0; r <= e; r++) d += S[r][f] * up[r];
        gq.data[at] = d * slope(q.data[at]);
      }
      for (let j = 0; j < head.visible(i); j++) {
        const key = (b * Sk + j) * all + h;
        const weight = dot(head.q[i], head.k[j]);
        const d = dot(up, [...head.v[j], 1]);
        for (let f = 0; f < m && gk; f++) gk.data[key * m + f] += d * head.q[i][f] * slope(k.data[key * m + f]);
        for (let r = 0; r < e && gv; r++) gv.data[key * e + r] += weight * up[r];
      }
    }
  });
}
