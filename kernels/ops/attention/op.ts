/**
 * Softmax attention (Vaswani et al. 2017, arXiv 1706.03762, equation 1) that materialises its matrix, as the usual
 * baseline does (`flash-attention` does not).
 *
 *   q (B, Sq, h, d); k, v (B, Sk, h, d); lengths i32 (B): keys at and after lengths[b] are hidden
 *   S = scale q k^T, hidden entries -inf;  P = softmax over keys;  o = P v (B, Sq, h, d)
 *   lse (B, h, Sq) = log sum_j exp S_ij;   P (B, h, Sq, Sk), kept for the backward pass
 *
 * Causal masks are aligned to the bottom-right corner: query i sees keys j <= i + Sk - Sq. A query that sees no
 * key gives o = 0, P = 0, lse = 0 and no gradient.
 *
 * Backward: dV = P^T dO, dP = dO V^T (+ the gradients of P), delta_i = sum_j P_ij dP_ij,
 * dS = P (dP - delta + dlse), dQ = scale dS K, dK = scale dS^T Q.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Cost, defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type AttentionAttrs = { causal: boolean; scale: number };

export interface AttentionSizes {
  B: number;
  Sq: number;
  Sk: number;
  h: number;
  d: number;
}

/** Reads the sizes off the operands; throws a `ShapeError` when they do not fit together. */
export function attentionSizes(op: string, [q, k, v, lengths]: (Shape | null)[]): AttentionSizes {
  const [a, b, c] = [q, k, v] as Shape[];
  requireShape(
    a.length === 4 && b.length === 4,
    op,
    `q ${showShape(a)} and k ${showShape(b)} must be (batch, length, heads, head dimension)`,
  );
  const [B, Sq, h, d] = a;
  requireShape(
    b[0] === B && b[2] === h && b[3] === d,
    op,
    `k ${showShape(b)} must have the batch, heads and head dimension of q ${showShape(a)}`,
  );
  requireShape(
    b.every((n, i) => n === c[i]) && c.length === 4,
    op,
    `v ${showShape(c)} must have the shape of k ${showShape(b)}`,
  );
  requireShape(!lengths || sizeOf(lengths) === B, op, `lengths ${showShape(lengths)} must be (${B})`);
  return { B, Sq, Sk: b[1], h, d };
}

/** Key j is visible to query i of batch entry b when j is below this. */
export function visibleKeys({ Sq, Sk }: AttentionSizes, causal: boolean, length: number | null, i: number): number {
  const end = Math.min(Sk, length === null ? Sk : Math.max(0, length));
  return causal ? Math.max(0, Math.min(end, i + 1 + Sk - Sq)) : end;
}

/** Cost of the arithmetic and of the tensors that any form must read and write. */
export function attentionCost(shapes: (Shape | null)[], { causal }: AttentionAttrs): { forward: Cost; backward: Cost } {
  const { B, Sq, Sk, h, d } = attentionSizes('attention', shapes);
  const pairs = B * h * (causal ? visiblePairs(Sq, Sk) : Sq * Sk);
  const rows = B * h * Sq;
  const tensors = 2 * rows * d + 2 * B * h * Sk * d;
  return {
    forward: { flops: 4 * pairs * d, bytes: 4 * (tensors + rows) },
    backward: { flops: 10 * pairs * d, bytes: 4 * (2 * tensors + rows) },
  };
}

function visiblePairs(Sq: number, Sk: number): number {
  const first = Sk - Sq + 1; // keys that query 0 sees
  const rows = Math.max(0, Math.min(Sq, Sk));
  return ((Math.max(first, 1) + Sk) / 2) * rows;
}

/** Cases of both attention ops. */
export const attentionCases: OpCase<AttentionAttrs>[] = (
  [
    [1, 1, 1, 1, 1],
    [1, 1, 1, 2, 4],
    [2, 7, 7, 3, 5],
    [1, 37, 70, 2, 8],
    [2, 64, 64, 2, 16],
    [1, 100, 100, 2, 32],
    [1, 131, 257, 1, 64],
    [1, 33, 40, 2, 128],
    [1, 50, 30, 1, 19],
  ] as const
).flatMap(([B, Sq, Sk, h, d]) => {
  const shapes = [
    [B, Sq, h, d],
    [B, Sk, h, d],
    [B, Sk, h, d],
  ];
  const scale = 1 / Math.sqrt(d);
  const fills = [undefined, undefined, undefined, { kind: 'values' as const, values: [Math.ceil(Sk / 2), 0, Sk + 1] }];
  const name = `B${B} q${Sq} k${Sk} h${h} d${d}`;
  return [
    { name, shapes: [...shapes, null], attrs: { causal: false, scale } },
    { name: `${name} causal`, shapes: [...shapes, null], attrs: { causal: true, scale }, causal: [1, 1] },
    { name: `${name} lengths`, shapes: [...shapes, [B]], attrs: { causal: false, scale }, fills },
    { name: `${name} causal lengths`, shapes: [...shapes, [B]], attrs: { causal: true, scale }, fills },
  ];
});
attentionCases.push({
  name: 'negative scale',
  shapes: [[2, 21, 1, 6], [2, 33, 1, 6], [2, 33, 1, 6], null],
  attrs: { causal: false, scale: -0.7 },
});
attentionCases.push({
  name: 'large scores',
  shapes: [[1, 70, 1, 16], [1, 90, 1, 16], [1, 90, 1, 16], null],
  attrs: { causal: true, scale: 8 },
  tolerance: 2e-5, // exp turns a rounding error of S, 2^-24 times about 100, into a relative error of P
});

const attentionOp = defineOp<AttentionAttrs>({
  id: 'attention',
  inputs: [{ name: 'q' }, { name: 'k' }, { name: 'v' }, { name: 'lengths', dtype: 'i32', optional: true }],
  outputs: [{ name: 'o' }, { name: 'lse' }, { name: 'P' }],
  infer(shapes) {
    const { B, Sq, Sk, h, d } = attentionSizes('attention', shapes);
    return [
      [B, Sq, h, d],
      [B, h, Sq],
      [B, h, Sq, Sk],
    ];
  },
  saves: () => ({ inputs: [0, 1, 2, 3], outputs: [2] }),
  /** causal, scale */
  pack: ({ causal, scale }) => [causal ? 1 : 0, scale],
  cost(shapes, attrs) {
    const { B, Sq, Sk, h } = attentionSizes('attention', shapes);
    const { forward, backward } = attentionCost(shapes, attrs);
    const matrix = 4 * B * h * Sq * Sk;
    return {
      forward: { flops: forward.flops, bytes: forward.bytes + 4 * matrix },
      // P is there: one product less than the form that computes it again.
      backward: { flops: 0.8 * backward.flops, bytes: backward.bytes + 6 * matrix },
    };
  },
  /** The gradient of S. */
  workspace(shapes, _, pass) {
    const { B, Sq, Sk, h } = attentionSizes('attention', shapes);
    return pass === 'backward' ? 4 * B * h * Sq * Sk : 0;
  },
  cases: attentionCases,
  tolerance: 5e-6,
});
export default attentionOp;

export interface AttentionOptions {
  causal?: boolean;
  /** i32 (B): how many keys of each batch entry are real. */
  keyLengths?: Tensor | null;
  /** Default 1/sqrt(d). */
  scale?: number;
}

/**
 * o (B, Sq, h, d), lse (B, h, Sq) and P (B, h, Sq, Sk) of q (B, Sq, h, d), k and v (B, Sk, h, d); `scale` is d^-1/2 when
 * not given.
 */
export function attention(t: Tape, q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}) {
  const { causal = false, keyLengths = null, scale = 1 / Math.sqrt(q.shape[3]) } = options;
  const [o, lse, P] = t.apply(attentionOp, [q, k, v, keyLengths], { causal, scale });
  return { o, lse, P };
}
