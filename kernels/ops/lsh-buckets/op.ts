/**
 * Locality-sensitive hashing of vectors by random rotations, and the list in which Reformer's attention takes them
 * (Kitaev et al. 2020, arXiv 2001.04451, section 2; Andoni et al. 2015, arXiv 1509.02897).
 *
 *   x (B, L, h, d); rotations (d, R, n/2), the same for all heads; lengths i32 (B)
 *   bucket of vector l in round r: the first largest of the n numbers [x_l rotations_r, -x_l rotations_r]
 *   buckets i32 (B, h, R L): bucket + r n of entry r L + l
 *   order   i32 (B, h, R L): the entries sorted by round, bucket and step; padded steps are left out, -1 fills the end
 *
 * No gradient: the choice of a bucket is constant nearly everywhere.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape } from '../op.ts';

export interface HashSizes {
  B: number;
  L: number;
  h: number;
  d: number;
  /** Rounds, and buckets of a round. */
  R: number;
  n: number;
}

export function hashSizes([x, rotations, lengths]: (Shape | null)[]): HashSizes {
  const [a, r] = [x, rotations] as Shape[];
  requireShape(a.length === 4, 'lsh-buckets', `x ${showShape(a)} must be (batch, length, heads, head dimension)`);
  requireShape(
    r.length === 3 && r[0] === a[3] && r[1] >= 1 && r[2] >= 1,
    'lsh-buckets',
    `rotations ${showShape(r)} must be (${a[3]}, rounds, half the buckets)`,
  );
  const [B, L, h, d] = a;
  requireShape(!lengths || (lengths.length === 1 && lengths[0] === B), 'lsh-buckets', `lengths must be (${B})`);
  return { B, L, h, d, R: r[1], n: 2 * r[2] };
}

const cases: OpCase[] = (
  [
    [1, 1, 1, 1, 1, 2],
    [2, 7, 3, 4, 2, 4],
    [1, 131, 1, 19, 3, 6],
    [2, 64, 2, 16, 4, 8],
    [1, 200, 1, 64, 8, 70],
  ] as const
).flatMap(([B, L, h, d, R, n]) =>
  [false, true].map(
    (lengths): OpCase => ({
      name: `B${B} L${L} h${h} d${d}, ${R} rounds, ${n} buckets${lengths ? ', lengths' : ''}`,
      shapes: [[B, L, h, d], [d, R, n / 2], lengths ? [B] : null],
      attrs: {},
      fills: [undefined, undefined, { kind: 'values', values: [Math.ceil(L / 3), 0] }],
    }),
  ),
);
cases.push({
  name: 'ties',
  shapes: [[1, 30, 1, 2], [2, 2, 3], null],
  attrs: {},
  fills: [
    { kind: 'values', values: [1, -1, 0, 0, 2, 1] },
    { kind: 'values', values: [1, 1, -1] },
  ],
});

const lshBucketsOp = defineOp({
  id: 'lsh-buckets',
  inputs: [{ name: 'x' }, { name: 'rotations' }, { name: 'lengths', dtype: 'i32', optional: true }],
  outputs: [
    { name: 'buckets', dtype: 'i32' },
    { name: 'order', dtype: 'i32' },
  ],
  infer(shapes) {
    const { B, L, h, R } = hashSizes(shapes);
    return [
      [B, h, R * L],
      [B, h, R * L],
    ];
  },
  saves: () => ({ inputs: [], outputs: [] }),
  pack: () => [],
  cost(shapes) {
    const { B, L, h, d, R, n } = hashSizes(shapes);
    const none = { flops: 0, bytes: 0 };
    return {
      forward: { flops: B * L * h * R * n * d, bytes: 4 * (B * L * h * (d + 2 * R) + (d * R * n) / 2) },
      backward: none,
    };
  },
  differentiable: false,
  cases,
  tolerance: 0, // integers
});
export default lshBucketsOp;

/** Buckets and order of x (B, L, h, d) under rotations (d, R, n/2). */
export function lshBuckets(t: Tape, x: Tensor, rotations: Tensor, lengths: Tensor | null = null) {
  const [buckets, order] = t.apply(lshBucketsOp, [x, rotations, lengths], {});
  return { buckets, order };
}
