/**
 * Attention with a kernel of features in place of the softmax (Katharopoulos et al. 2020, arXiv 2006.16236,
 * equations 4 to 12): sums over keys come first, so the cost is linear in the length. Linear attention and Performer
 * are this op with different features.
 *
 *   q (B, Sq, h, m), k (B, Sk, h, m), v (B, Sk, h, e); lengths i32 (B): keys at and after lengths[b] are hidden
 *   map 'given': q and k are features already; 'elu+1': features are elu(x) + 1 = x + 1 for x > 0, e^x otherwise
 *   S_i = start + sum_j (v_j, 1) phi(k_j)^T      over all visible keys; causal: over those with j <= i
 *   norm_i = (last row of S_i + keyEps) . phi(q_i) + eps            (B, h, Sq)
 *   o_i = S_i phi(q_i) / norm_i, the last row left out              (B, Sq, h, e); zero where norm is zero
 *   state = S after the last key                                    (B, h, e + 1, m), as `start`
 *
 * Backward, with g' = g / norm and delta = -g' . o: d phi(q_i) = S_i^T (g'_i, delta_i) + keyEps delta_i;
 * R_j = sum_i (g'_i, delta_i) phi(q_i)^T over the queries that see j: d phi(k_j) = R_j^T (v_j, 1), dv_j = R_j phi(k_j).
 * No gradient flows from norm and state, nor to start: they serve the recurrent form.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export const maps = ['given', 'elu+1'] as const;
export type FeatureMap = (typeof maps)[number];
export type KernelAttentionAttrs = { causal: boolean; map: FeatureMap; eps: number; keyEps: number };

export interface KernelAttentionSizes {
  B: number;
  Sq: number;
  Sk: number;
  h: number;
  m: number;
  e: number;
}

const id = 'kernel-attention';

/** Reads the sizes off the operands; throws a `ShapeError` when they do not fit together. */
export function kernelAttentionSizes([q, k, v, lengths, start]: (Shape | null)[]): KernelAttentionSizes {
  const [a, b, c] = [q, k, v] as Shape[];
  requireShape(
    a.length === 4 && b.length === 4 && c.length === 4,
    id,
    `q ${showShape(a)}, k ${showShape(b)} and v ${showShape(c)} must be (batch, length, heads, dimension)`,
  );
  const [B, Sq, h, m] = a;
  requireShape(
    b[0] === B && b[2] === h && b[3] === m,
    id,
    `k ${showShape(b)} must have the batch, heads and features of q ${showShape(a)}`,
  );
  requireShape(
    c[0] === B && c[1] === b[1] && c[2] === h,
    id,
    `v ${showShape(c)} must have the batch, length and heads of k ${showShape(b)}`,
  );
  requireShape(!lengths || sizeOf(lengths) === B, id, `lengths ${showShape(lengths)} must be (${B})`);
  const e = c[3];
  requireShape(
    !start || (start.length === 4 && [B, h, e + 1, m].every((n, i) => n === start[i])),
    id,
    `start ${showShape(start)} must be (${B}, ${h}, ${e + 1}, ${m})`,
  );
  return { B, Sq, Sk: b[1], h, m, e };
}

const positive = { kind: 'uniform' as const, low: 0.05, high: 1 };
const cases: OpCase<KernelAttentionAttrs>[] = (
  [
    [1, 1, 1, 1, 1, 1],
    [1, 1, 1, 2, 4, 3],
    [2, 7, 7, 3, 5, 5],
    [1, 37, 70, 2, 8, 6],
    [2, 64, 64, 2, 16, 16],
    [1, 100, 100, 2, 33, 17],
    [1, 131, 257, 1, 19, 40],
    [1, 50, 30, 1, 70, 32],
    [2, 97, 97, 1, 32, 31],
  ] as const
).flatMap(([B, Sq, Sk, h, m, e]) => {
  const shapes = [
    [B, Sq, h, m],
    [B, Sk, h, m],
    [B, Sk, h, e],
  ];
  const lengths = { kind: 'values' as const, values: [Math.ceil(Sk / 2), 0, Sk + 1] };
  const name = `B${B} q${Sq} k${Sk} h${h} m${m} e${e}`;
  // The weights of a single key cancel: only what is added to the norm gives q and k a gradient.
  const given = { map: 'given' as const, eps: 0, keyEps: Sk === 1 ? 5 : 1e-6 };
  const elu = { map: 'elu+1' as const, eps: Sk === 1 ? 5 : 1e-6, keyEps: 0 };
  const state = [B, h, e + 1, m];
  return [
    { name, shapes: [...shapes, null, null], attrs: { causal: false, ...elu } },
    { name: `${name} causal`, shapes: [...shapes, null, null], attrs: { causal: true, ...elu }, causal: [1, 1] },
    {
      name: `${name} lengths, given`,
      shapes: [...shapes, [B], null],
      attrs: { causal: false, ...given },
      fills: [positive, positive, undefined, lengths],
    },
    {
      name: `${name} causal lengths, given, start`,
      shapes: [...shapes, [B], state],
      attrs: { causal: true, ...given },
      fills: [positive, positive, undefined, lengths, positive],
    },
    {
      name: `${name} start`,
      shapes: [...shapes, null, state],
      attrs: { causal: false, ...elu, keyEps: 0.1 },
      fills: [undefined, undefined, undefined, undefined, positive],
    },
  ];
});

const kernelAttentionOp = defineOp<KernelAttentionAttrs>({
  id,
  inputs: [
    { name: 'q' },
    { name: 'k' },
    { name: 'v' },
    { name: 'lengths', dtype: 'i32', optional: true },
    { name: 'start', optional: true, differentiable: false },
  ],
  outputs: [{ name: 'o' }, { name: 'norm', auxiliary: true }, { name: 'state', auxiliary: true }],
  infer(shapes) {
    const { B, Sq, h, m, e } = kernelAttentionSizes(shapes);
    return [
      [B, Sq, h, e],
      [B, h, Sq],
      [B, h, e + 1, m],
    ];
  },
  saves: () => ({ inputs: [0, 1, 2, 3, 4], outputs: [0, 1] }),
  /** causal, index of the map, eps, keyEps */
  pack: ({ causal, map, eps, keyEps }) => [causal ? 1 : 0, maps.indexOf(map), eps, keyEps],
  /** The sums and their use; what a causal form adds within its chunks is not counted. */
  cost(shapes, { map }) {
    const { B, Sq, Sk, h, m, e } = kernelAttentionSizes(shapes);
    const state = B * h * (e + 1) * m;
    const tensors = B * h * (Sq * (m + e) + Sk * (m + e));
    const mapped = map === 'given' ? 0 : 14 * B * h * (Sq + Sk) * m;
    const rows = B * h * (Sq + Sk);
    return {
      forward: { flops: 2 * rows * (e + 1) * m + mapped, bytes: 4 * (tensors + B * h * Sq + state) },
      backward: { flops: 2 * rows * (3 * e + 2) * m - 2 * B * h * Sq * (e + 1) * m + mapped, bytes: 8 * tensors },
    };
  },
  /** Sums of groups of keys, delta of each query, and the rows and products of each thread's chunk. */
  workspace(shapes, { causal }, _, threads) {
    const { B, Sq, Sk, h, m, e } = kernelAttentionSizes(shapes);
    const [mp, ep] = [m + 16, e + 16];
    const step = causal ? 32 : 64;
    const groups = Math.max(1, Math.min(Math.ceil((causal ? 8 : 32) / (B * h)), Math.ceil(Math.max(Sq, Sk) / 512)));
    const room = step * (2 * mp + 2 * ep + 2) + 32 * (m + e + 64) + mp * ep + 256;
    return 4 * (B * h * groups * (mp * ep + mp) + B * h * Sq + threads * room);
  },
  cases,
  tolerance: 5e-6,
});
export default kernelAttentionOp;

export interface KernelAttentionOptions {
  causal?: boolean;
  /** Default 'given'. */
  map?: FeatureMap;
  /** Added to the norm. Default 0. */
  eps?: number;
  /** Added to every component of the sum of keys. Default 0. */
  keyEps?: number;
  /** i32 (B): how many keys of each batch entry are real. */
  keyLengths?: Tensor | null;
  /** The sums before the first key, (B, h, e + 1, m). */
  start?: Tensor | null;
}

/** o (B, Sq, h, e) and the sums after the last key of q (B, Sq, h, m), k (B, Sk, h, m), v (B, Sk, h, e). */
export function kernelAttention(t: Tape, q: Tensor, k: Tensor, v: Tensor, options: KernelAttentionOptions = {}) {
  const { causal = false, map = 'given', eps = 0, keyEps = 0, keyLengths = null, start = null } = options;
  const [o, norm, state] = t.apply(kernelAttentionOp, [q, k, v, keyLengths, start], { causal, map, eps, keyEps });
  return { o, norm, state };
}
