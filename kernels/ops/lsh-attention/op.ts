/**
 * Reformer's attention over hashed chunks (Kitaev et al. 2020, arXiv 2001.04451, section 2): queries and keys are the
 * same vectors, and a query looks at those that lie near it in the sorted list of `lsh-buckets`.
 *
 *   qk, v (B, L, h, d); order, buckets i32 (B, h, R L) as `lsh-buckets` gives them; lengths i32 (B); y (B, L, h, d)
 *   The list of all rounds is cut into chunks of `chunk` entries (the last may be shorter). An entry of step i sees the
 *   entries of its chunk and of the chunk before it, the first chunk those of the last one:
 *     score  scale q_i (k_j / max(|k_j|, 1e-12)), none if causal and j > i, and if `within` none of another bucket
 *            -5e4 where j = i: a step sees itself only when it sees nothing else
 *   y_i = sum over rounds of w_r o_r, o_r the softmax average of v, w the softmax over rounds of the log-sum-exp:
 *   that is one softmax over what step i sees in all rounds. What it sees in several rounds counts several times.
 *   top (B, h, L): the largest of those scores times log2 e; sum (B, h, L): sum of 2^(score log2 e - top)
 *
 * Padded steps take no part; y, top and sum are 0 there. Backward: buckets and order are constants; as in attention
 * with P = 2^(score log2 e - top) / sum, delta = dy y; no gradient flows through the score -5e4.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type LshAttentionAttrs = {
  chunk: number;
  causal: boolean;
  /** Keys of another bucket than the query's are hidden. */
  within: boolean;
  scale: number;
};

/** The score of a step with itself. */
export const selfScore = -5e4;

export interface LshSizes {
  B: number;
  L: number;
  h: number;
  d: number;
  R: number;
}

export function lshSizes([qk, v, order, buckets, lengths]: (Shape | null)[]): LshSizes {
  const id = 'lsh-attention';
  const [a, b, o, k] = [qk, v, order, buckets] as Shape[];
  requireShape(a.length === 4, id, `qk ${showShape(a)} must be (batch, length, heads, head dimension)`);
  requireShape(
    b.length === 4 && a.every((n, i) => n === b[i]),
    id,
    `v ${showShape(b)} must have the shape of qk ${showShape(a)}`,
  );
  const [B, L, h, d] = a;
  for (const s of [o, k])
    requireShape(
      s.length === 3 && s[0] === B && s[1] === h && s[2] >= L && s[2] % L === 0,
      id,
      `order and buckets must be (${B}, ${h}, rounds times ${L}), not ${showShape(s)}`,
    );
  requireShape(o[2] === k[2], id, `order ${showShape(o)} must have the shape of buckets ${showShape(k)}`);
  requireShape(!lengths || (lengths.length === 1 && lengths[0] === B), id, `lengths must be (${B})`);
  return { B, L, h, d, R: o[2] / L };
}

/** Buckets drawn by a small generator, and their order: inputs for tests. */
function drawn({ B, L, h, R }: LshSizes, n: number, lengths: number[] | null) {
  const buckets: number[] = [];
  const order: number[] = [];
  let state = 7;
  for (let head = 0; head < B * h; head++) {
    const own = Array.from({ length: R * L }, (_, i) => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return Math.floor(i / L) * n + (Math.floor(state / 65536) % n);
    });
    const length = lengths ? Math.min(L, lengths[Math.floor(head / h) % lengths.length]) : L;
    const entries = own.map((_, i) => i).filter((i) => i % L < length);
    entries.sort((i, j) => own[i] - own[j]);
    buckets.push(...own);
    order.push(...own.map((_, i) => entries[i] ?? -1));
  }
  return { buckets, order };
}

const cases: OpCase<LshAttentionAttrs>[] = [];
for (const [B, L, h, d, R, chunk, n] of [
  [1, 1, 1, 1, 1, 1, 2],
  [1, 1, 1, 2, 3, 2, 2],
  [1, 8, 1, 4, 1, 8, 2],
  [2, 13, 3, 5, 2, 4, 4],
  [1, 32, 2, 6, 2, 4, 8],
  [1, 101, 1, 19, 3, 16, 6],
  [2, 70, 1, 64, 2, 33, 2],
  [1, 130, 1, 16, 3, 64, 4],
])
  for (const causal of [false, true])
    for (const within of [false, true])
      for (const lengths of R > 1 ? [null, [Math.ceil((2 * L) / 3), 0]] : [null]) {
        const { buckets, order } = drawn({ B, L, h, d, R }, n, lengths);
        const list = [B, h, R * L];
        cases.push({
          name: `B${B} L${L} h${h} d${d}, ${R} rounds, chunks of ${chunk}${causal ? ', causal' : ''}${within ? ', within' : ''}${lengths ? ', lengths' : ''}`,
          shapes: [[B, L, h, d], [B, L, h, d], list, list, lengths ? [B] : null],
          attrs: { chunk, causal, within, scale: 1 / Math.sqrt(d) },
          fills: [
            undefined,
            undefined,
            { kind: 'values', values: order },
            { kind: 'values', values: buckets },
            { kind: 'values', values: lengths ?? [] },
          ],
        });
      }

const lshAttentionOp = defineOp<LshAttentionAttrs>({
  id: 'lsh-attention',
  inputs: [
    { name: 'qk' },
    { name: 'v' },
    { name: 'order', dtype: 'i32' },
    { name: 'buckets', dtype: 'i32' },
    { name: 'lengths', dtype: 'i32', optional: true },
  ],
  outputs: [{ name: 'y' }, { name: 'top', auxiliary: true }, { name: 'sum', auxiliary: true }],
  infer(shapes, { chunk }) {
    const { B, L, h, d } = lshSizes(shapes);
    requireShape(
      Number.isInteger(chunk) && chunk >= 1,
      'lsh-attention',
      `a chunk must have a whole number of entries, at least 1, not ${chunk}`,
    );
    return [
      [B, L, h, d],
      [B, h, L],
      [B, h, L],
    ];
  },
  saves: () => ({ inputs: [0, 1, 2, 3, 4], outputs: [0, 1, 2] }),
  /** chunk, causal, within, scale */
  pack: ({ chunk, causal, within, scale }) => [chunk, causal ? 1 : 0, within ? 1 : 0, scale],
  cost(shapes, { chunk }) {
    const { B, L, h, d, R } = lshSizes(shapes);
    const pairs = 2 * B * h * R * L * chunk;
    const tensor = sizeOf(shapes[0] as Shape);
    const lists = 2 * B * h * R * L;
    return {
      forward: { flops: 4 * pairs * d, bytes: 4 * (3 * tensor + lists) },
      backward: { flops: 10 * pairs * d, bytes: 4 * (6 * tensor + lists) },
    };
  },
  /** Keys, values and (backward) gradients of one head, and what a chunk and the one before it hold. */
  workspace(shapes, { chunk }, pass, threads) {
    const { L, d } = lshSizes(shapes);
    const row = d + 16;
    const own = Math.min(chunk, L);
    return 4 * threads * (pass === 'forward' ? L * row + own * (5 * row + 96) : 4 * L * row + own * (12 * row + 192));
  },
  cases,
  tolerance: 5e-6,
});
export default lshAttentionOp;

export interface LshAttentionOptions {
  chunk: number;
  causal?: boolean;
  within?: boolean;
  /** Default 1/sqrt(d). */
  scale?: number;
  lengths?: Tensor | null;
}

/** y (B, L, h, d) of qk and v (B, L, h, d) and the lists that `lshBuckets` made of qk. */
export function lshAttention(
  t: Tape,
  qk: Tensor,
  v: Tensor,
  { order, buckets }: { order: Tensor; buckets: Tensor },
  { chunk, causal = false, within = false, scale = 1 / Math.sqrt(qk.shape[3]), lengths = null }: LshAttentionOptions,
): Tensor {
  return t.apply(lshAttentionOp, [qk, v, order, buckets, lengths], { chunk, causal, within, scale })[0];
}
