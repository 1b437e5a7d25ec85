/**
 * Mean over time of the true part of each sequence: y[b] = (1 / n_b) sum_{l < n_b} x[b, l], n_b = lengths[b] or L.
 * x (B, L, H), lengths i32 (B) or null, y (B, H). An empty sequence gives zeros. dx[b, l] = g[b] / n_b for l < n_b,
 * else 0. A length outside [0, L] is an error.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

const cases: OpCase[] = (
  [
    [[1, 1, 1], null],
    [[3, 7, 5], null],
    [
      [4, 9, 3],
      [9, 1, 4, 0],
    ],
    [
      [2, 301, 67],
      [300, 17],
    ],
    [[2, 5, 129], null],
  ] as [Shape, number[] | null][]
).map(([x, lengths]) => ({
  name: `${x.join('x')}${lengths ? ' ragged' : ''}`,
  shapes: [x, lengths && [lengths.length]],
  attrs: {},
  fills: lengths ? [undefined, { kind: 'values', values: lengths }] : undefined,
}));

/** Shared by the ops over ragged batches. */
export function requireRagged(op: string, x: Shape | null, lengths: Shape | null): Shape {
  requireShape(x?.length === 3, op, `x must be (B, L, H), not ${showShape(x)}`);
  requireShape(
    !lengths || (lengths.length === 1 && lengths[0] === x[0]),
    op,
    `lengths ${showShape(lengths)} must be (${x[0]}), one for each sequence`,
  );
  return x;
}

const maskedMeanOp = defineOp({
  id: 'masked-mean',
  inputs: [{ name: 'x' }, { name: 'lengths', dtype: 'i32', optional: true }],
  outputs: [{ name: 'y' }],
  infer([x, lengths]) {
    const [B, , H] = requireRagged('masked-mean', x, lengths);
    return [[B, H]];
  },
  saves: () => ({ inputs: [1], outputs: [] }),
  pack: () => [],
  cost([x]) {
    const n = sizeOf(x as Shape);
    return { forward: { flops: n, bytes: 4 * n }, backward: { flops: 0, bytes: 4 * n } };
  },
  cases,
  tolerance: 2e-6,
});
export default maskedMeanOp;

export const maskedMean = (t: Tape, x: Tensor, lengths: Tensor | null): Tensor =>
  t.apply(maskedMeanOp, [x, lengths], {})[0];
