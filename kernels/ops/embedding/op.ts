/**
 * Rows of a table by number: y[..., :] = table[ids[...], :]. table (V, H), ids i32 of any shape, y (..., H).
 * Backward: dtable[v] is the sum of g over the places where ids is v. The row `padding` is looked up like any other
 * but gets no gradient. An id outside the table is an error.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type EmbeddingAttrs = { padding: number | null };

const cases: OpCase<EmbeddingAttrs>[] = (
  [
    [1, 1, [1], null],
    [7, 4, [3, 8], null],
    [7, 3, [3, 8], 2],
    [31, 67, [2, 101], null],
    [5, 33, [1301], 0],
    [3, 130, [2, 1000], null],
  ] as [number, number, Shape, number | null][]
).map(([V, H, ids, padding]) => ({
  name: `${V}x${H} ids ${ids.join('x')}${padding === null ? '' : ` padding ${padding}`}`,
  shapes: [[V, H], ids],
  attrs: { padding },
  ...(padding === null ? {} : { notDerivative: 'no gradient flows to the padding row' }),
  fills: [undefined, { kind: 'integers', below: V }],
}));

const embeddingOp = defineOp<EmbeddingAttrs>({
  id: 'embedding',
  inputs: [{ name: 'table' }, { name: 'ids', dtype: 'i32' }],
  outputs: [{ name: 'y' }],
  infer([table, ids], { padding }) {
    requireShape(table?.length === 2, 'embedding', `the table must be (V, H), not ${showShape(table)}`);
    requireShape(
      padding === null || (Number.isInteger(padding) && padding >= 0 && padding < table[0]),
      'embedding',
      `padding row ${padding} is outside the table of ${table[0]} rows`,
    );
    return [[...(ids as Shape), table[1]]];
  },
  saves: () => ({ inputs: [1], outputs: [] }),
  /** padding row or -1 */
  pack: ({ padding }) => [padding ?? -1],
  cost([table, ids]) {
    const n = sizeOf(ids as Shape);
    const [V, H] = table as Shape;
    return {
      forward: { flops: 0, bytes: 4 * n + 4 * n * H + 4 * Math.min(n, V) * H },
      backward: { flops: n * H, bytes: 4 * n + 4 * n * H + 4 * V * H },
    };
  },
  cases,
  tolerance: 2e-6,
});
export default embeddingOp;

/** table (V, H), ids i32 (...) -> (..., H); the row `padding` gets no gradient. */
export const embedding = (t: Tape, table: Tensor, ids: Tensor, { padding }: { padding?: number | null } = {}): Tensor =>
  t.apply(embeddingOp, [table, ids], { padding: padding ?? null })[0];
