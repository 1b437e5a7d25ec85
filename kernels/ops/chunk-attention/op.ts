/**
 * Attention within chunks, one head, with a bias by relative position: that of Mega (Ma et al. 2022, arXiv 2209.10655,
 * section 3.2 and equation 16). Each step attends to the steps of its own chunk.
 *
 *   q (B, Sq, Z), k (B, Sk, Z), v (B, Sk, E): the queries are those of the last Sq of the Sk steps
 *   w (2M - 1): b[i,j] = w[j - i + M - 1], i and j counted from the start of the chunk
 *   hidden, i32: (B), how many steps of each sequence are real, or (B, Sk), 1 where a key is not
 *   softmax   A = softmax over keys of q k^T / sqrt(Z) + b
 *   laplace   A = (1 + erf((s - 0.707107) / (0.282095 sqrt 2))) / 2,  s = q k^T / n + b
 *   relu2     A = max(s, 0)^2
 *   o = A v (B, Sq, E)
 *
 * n: with `causal`, the keys up to the query; else the keys of the chunk that are real, at least 1. A is zero at hidden
 * keys and, with `causal`, at later ones. A chunk without a real key: softmax takes all its keys for real, the others
 * give 0; a softmax row that sees no key for another reason gives 0. `chunk` 0: one chunk of all Sk steps; chunks start
 * at multiples of `chunk`, the last one may be shorter.
 *
 * Kept for the backward pass: weights (B, Sq, min(chunk, Sk)), A for softmax and s for the others.
 * dv = A^T g, dA = g v^T, ds = A (dA - sum A dA) or f'(s) dA, dw sums ds along diagonals, dq and dk as usual.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type Fill, type OpCase, requireShape, type Shape, showShape } from '../op.ts';

export const weightings = ['softmax', 'laplace', 'relu2'] as const;
export type Weighting = (typeof weightings)[number];
export type ChunkAttentionAttrs = { weighting: Weighting; chunk: number; causal: boolean };

/** Centre and width of the Laplace weighting, as the paper rounds them. */
// biome-ignore lint/suspicious/noApproximativeNumericConstant: the published digits, not the square root that they are near
export const laplace = { centre: 0.707107, width: 0.282095 };

export interface ChunkSizes {
  B: number;
  Sq: number;
  Sk: number;
  Z: number;
  E: number;
  M: number;
  /** Steps of a chunk. */
  c: number;
}

/** Reads the sizes off the operands; throws a `ShapeError` when they do not fit together. */
export function chunkSizes([q, k, v, w, hidden]: (Shape | null)[], { chunk }: ChunkAttentionAttrs): ChunkSizes {
  const id = 'chunk-attention';
  requireShape(q?.length === 3 && k?.length === 3 && v?.length === 3, id, 'q, k and v must be (batch, length, width)');
  const [B, Sq, Z] = q;
  const [, Sk] = k;
  requireShape(k[0] === B && k[2] === Z, id, `k ${showShape(k)} must have the batch and width of q ${showShape(q)}`);
  requireShape(v[0] === B && v[1] === Sk, id, `v ${showShape(v)} must have the batch and length of k ${showShape(k)}`);
  requireShape(Sq > 0 && Sq <= Sk, id, `q has ${Sq} steps, which must be the last of the ${Sk} steps of k`);
  requireShape(Number.isInteger(chunk) && chunk >= 0, id, `chunk must be a number of steps or 0, not ${chunk}`);
  const c = chunk ? Math.min(chunk, Sk) : Sk;
  const taps = w?.length === 1 ? w[0] : 0;
  requireShape(
    taps % 2 === 1 && taps >= 2 * c - 1,
    id,
    `w ${showShape(w)} must have 2M - 1 numbers, M at least ${c}: build the model for a longer sequence`,
  );
  const fits = hidden?.length === 2 ? hidden[0] === B && hidden[1] === Sk : hidden?.[0] === B;
  requireShape(!hidden || fits, id, `hidden ${showShape(hidden)} must be (${B}) or (${B}, ${Sk})`);
  return { B, Sq, Sk, Z, E: v[2], M: (taps + 1) / 2, c };
}

interface Sample {
  sizes: [B: number, Sq: number, Sk: number, Z: number, E: number];
  chunk?: number;
  extra?: number;
  causal?: boolean;
  hidden?: 'lengths' | 'mask';
}

const samples: Sample[] = [
  { sizes: [1, 1, 1, 1, 1] },
  { sizes: [2, 7, 7, 3, 5], extra: 2 },
  { sizes: [2, 24, 24, 4, 8], chunk: 8, causal: true },
  { sizes: [2, 37, 37, 8, 5], chunk: 16, hidden: 'lengths' },
  { sizes: [3, 20, 20, 6, 7], chunk: 5, hidden: 'mask' },
  { sizes: [3, 33, 33, 5, 9], causal: true, hidden: 'lengths', extra: 1 },
  { sizes: [2, 131, 131, 16, 33], chunk: 64, causal: true },
  { sizes: [1, 1, 30, 6, 4], chunk: 16, causal: true },
  { sizes: [2, 21, 30, 6, 4], chunk: 8, causal: true },
  { sizes: [2, 11, 50, 6, 4], chunk: 7, extra: 3 },
  { sizes: [1, 70, 101, 6, 4], causal: true },
];

const cases: OpCase<ChunkAttentionAttrs>[] = weightings.flatMap((weighting) =>
  samples.map(({ sizes: [B, Sq, Sk, Z, E], chunk = 0, causal = false, hidden, extra = 0 }) => {
    const M = (chunk || Sk) + extra;
    const steps: Fill =
      hidden === 'lengths'
        ? { kind: 'values', values: [Math.ceil(Sk / 2), 0, Sk] }
        : { kind: 'values', values: [0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0] };
    return {
      name: `${weighting} ${B}x${Sq} of ${Sk}, ${Z} and ${E} wide, chunk ${chunk}${causal ? ', causal' : ''}${hidden ? `, ${hidden}` : ''}`,
      shapes: [[B, Sq, Z], [B, Sk, Z], [B, Sk, E], [2 * M - 1], hidden ? (hidden === 'mask' ? [B, Sk] : [B]) : null],
      attrs: { weighting, chunk, causal },
      fills: [undefined, undefined, undefined, { kind: 'normal', scale: 0.5 }, hidden && steps],
      causal: causal && Sq > 1 ? [1, 1] : undefined,
    };
  }),
);

const chunkAttentionOp = defineOp<ChunkAttentionAttrs>({
  id: 'chunk-attention',
  inputs: [
    { name: 'q' },
    { name: 'k' },
    { name: 'v' },
    { name: 'w' },
    { name: 'hidden', dtype: 'i32', optional: true },
  ],
  outputs: [{ name: 'o' }, { name: 'weights', auxiliary: true }],
  infer(shapes, attrs) {
    const { B, Sq, E, c } = chunkSizes(shapes, attrs);
    requireShape(
      weightings.includes(attrs.weighting),
      'chunk-attention',
      `weighting is "${attrs.weighting}": choose ${weightings.join(', ')}`,
    );
    return [
      [B, Sq, E],
      [B, Sq, c],
    ];
  },
  saves: () => ({ inputs: [0, 1, 2, 3, 4], outputs: [1] }),
  /** weighting index, chunk, causal */
  pack: ({ weighting, chunk, causal }) => [weightings.indexOf(weighting), chunk, causal ? 1 : 0],
  cost(shapes, attrs) {
    const { B, Sq, Sk, Z, E, c } = chunkSizes(shapes, attrs);
    const pairs = B * Sq * c;
    const tensors = 4 * B * (Sq * (Z + E) + Sk * (Z + E));
    return {
      forward: { flops: pairs * (2 * (Z + E) + 20), bytes: tensors + 16 * pairs },
      backward: { flops: pairs * (4 * (Z + E) + 20), bytes: 2 * tensors + 24 * pairs },
    };
  },
  /** The matrix that is not kept: A beside s, then the gradient of s; and partial sums of w's gradient. */
  workspace(shapes, attrs, pass) {
    const { B, Sq, c } = chunkSizes(shapes, attrs);
    const matrix = 4 * B * Sq * c;
    if (pass === 'forward') return attrs.weighting === 'softmax' ? 0 : matrix;
    return matrix + 8 * c * Math.ceil((B * Sq) / 64);
  },
  cases,
  // Sums of products of both signs in float32, and exp of a score of size 10.
  tolerance: 5e-6,
});
export default chunkAttentionOp;

export interface ChunkAttentionOperands {
  q: Tensor;
  k: Tensor;
  v: Tensor;
  /** Bias by relative position, (2M - 1). */
  w: Tensor;
  /** i32: lengths (B), or (B, Sk) with 1 at hidden keys. */
  hidden?: Tensor | null;
}

/** o (B, Sq, E). */
export const chunkAttention = (
  t: Tape,
  { q, k, v, w, hidden = null }: ChunkAttentionOperands,
  attrs: ChunkAttentionAttrs,
): Tensor => t.apply(chunkAttentionOp, [q, k, v, w, hidden], attrs)[0];
