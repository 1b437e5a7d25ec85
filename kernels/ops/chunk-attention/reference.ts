import { erf } from '../../numerics/special.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import { type ChunkAttentionAttrs, type ChunkSizes, chunkSizes, laplace } from './op.ts';

/** One query and the keys of its chunk. */
interface Row {
  b: number;
  /** Query of the operand q, position in its chunk, first key of the chunk, keys of the chunk. */
  query: number;
  i: number;
  key0: number;
  keys: number;
  /** Whether key j of the chunk has weight. */
  sees: (j: number) => boolean;
  /** What q k^T is multiplied by. */
  scale: number;
}

function eachRow(inputs: (NdArray | null)[], attrs: ChunkAttentionAttrs, visit: (row: Row, z: ChunkSizes) => void) {
  const z = chunkSizes(
    inputs.map((x) => x?.shape ?? null),
    attrs,
  );
  const hidden = inputs[4];
  const isHidden = (b: number, key: number) =>
    hidden !== null && (hidden.shape.length === 2 ? hidden.data[b * z.Sk + key] !== 0 : key >= hidden.data[b]);
  for (let b = 0; b < z.B; b++)
    for (let query = 0; query < z.Sq; query++) {
      const at = z.Sk - z.Sq + query;
      const key0 = Math.floor(at / z.c) * z.c;
      const keys = Math.min(z.c, z.Sk - key0);
      const i = at - key0;
      let real = 0;
      for (let j = 0; j < keys; j++) if (!isHidden(b, key0 + j)) real++;
      const softmax = attrs.weighting === 'softmax';
      const open = softmax && real === 0;
      const sees = (j: number) => (open || !isHidden(b, key0 + j)) && (!attrs.causal || j <= i);
      const scale = softmax ? 1 / Math.sqrt(z.Z) : 1 / (attrs.causal ? i + 1 : Math.max(1, real));
      visit({ b, query, i, key0, keys, sees, scale }, z);
    }
}

const dot = (a: NdArray, x: number, b: NdArray, y: number, n: number): number => {
  let sum = 0;
  for (let z = 0; z < n; z++) sum += a.data[x * n + z] * b.data[y * n + z];
  return sum;
};

/** A of the scores of one row. */
function weigh(s: number[], { sees }: Row, { weighting }: ChunkAttentionAttrs): number[] {
  if (weighting === 'relu2') return s.map((x, j) => (sees(j) ? Math.max(x, 0) ** 2 : 0));
  if (weighting === 'laplace')
    return s.map((x, j) => (sees(j) ? (1 + erf((x - laplace.centre) / (laplace.width * Math.SQRT2))) / 2 : 0));
  const top = s.reduce((m, x, j) => (sees(j) ? Math.max(m, x) : m), Number.NEGATIVE_INFINITY);
  const e = s.map((x, j) => (sees(j) ? Math.exp(x - top) : 0));
  const total = e.reduce((a, b) => a + b, 0);
  return total > 0 ? e.map((x) => x / total) : e;
}

export function forward({ inputs, outputs: [o, weights], attrs }: ReferenceCall<ChunkAttentionAttrs>): void {
  const [q, k, v, w] = inputs as NdArray[];
  if (!o || !weights) return;
  eachRow(inputs, attrs, (row, { Sq, Sk, Z, E, M, c }) => {
    const { b, query, i, key0, keys, scale } = row;
    const s = Array.from(
      { length: keys },
      (_, j) => scale * dot(q, b * Sq + query, k, b * Sk + key0 + j, Z) + w.data[j - i + M - 1],
    );
    const A = weigh(s, row, attrs);
    for (let j = 0; j < keys; j++) {
      weights.data[(b * Sq + query) * c + j] = attrs.weighting === 'softmax' ? A[j] : s[j];
      for (let e = 0; e < E; e++) o.data[(b * Sq + query) * E + e] += A[j] * v.data[(b * Sk + key0 + j) * E + e];
    }
  });
}

export function backward(call: ReferenceCall<ChunkAttentionAttrs>): void {
  const { inputs, outputs, gradOutputs, gradInputs, attrs } = call;
  const [q, k, v] = inputs as NdArray[];
  const [gq, gk, gv, gw] = gradInputs;
  const weights = outputs[1];
  const [g] = gradOutputs;
  if (!g || !weights) return;
  eachRow(inputs, attrs, (row, { Sq, Sk, Z, E, M, c }) => {
    const { b, query, i, key0, keys, scale, sees } = row;
    const at = b * Sq + query;
    const kept = Array.from(weights.data.subarray(at * c, at * c + keys));
    const A = attrs.weighting === 'softmax' ? kept : weigh(kept, row, attrs);
    const dA = kept.map((_, j) => dot(g, at, v, b * Sk + key0 + j, E));
    const mean = A.reduce((sum, a, j) => sum + a * dA[j], 0);
    for (let j = 0; j < keys; j++) {
      const key = b * Sk + key0 + j;
      for (let e = 0; gv && e < E; e++) gv.data[key * E + e] += A[j] * g.data[at * E + e];
      let ds = 0;
      if (attrs.weighting === 'softmax') ds = A[j] * (dA[j] - mean);
      else if (sees(j)) ds = slope(kept[j], attrs) * dA[j];
      if (gw) gw.data[j - i + M - 1] += ds;
      for (let z = 0; z < Z; z++) {
        if (gq) gq.data[at * Z + z] += scale * ds * k.data[key * Z + z];
        if (gk) gk.data[key * Z + z] += scale * ds * q.data[at * Z + z];
      }
    }
  });
}

/** Derivative of the weight by the score. */
function slope(s: number, { weighting }: ChunkAttentionAttrs): number {
  if (weighting === 'relu2') return 2 * Math.max(s, 0);
  const x = (s - laplace.centre) / laplace.width;
  return Math.exp((-x * x) / 2) / (laplace.width * Math.sqrt(2 * Math.PI));
}
