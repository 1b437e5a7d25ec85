/** Up to eight tensors one after the other along an axis; the other axes agree. Backward: each gets its part of g. */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { resolveAxis } from '../axes.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

/** `sizes`: how long each tensor is along the axis. */
export type ConcatAttrs = { axis: number; sizes: readonly number[] };

const most = 8;
const pad = <T>(list: readonly T[]): (T | null)[] => Array.from({ length: most }, (_, i) => list[i] ?? null);

const cases: OpCase<ConcatAttrs>[] = (
  [
    [[[1]], 0],
    [[[3], [5]], 0],
    [
      [
        [2, 3, 5],
        [2, 1, 5],
        [2, 67, 5],
      ],
      1,
    ],
    [
      [
        [7, 33],
        [7, 64],
      ],
      1,
    ],
    [
      [
        [3, 9],
        [40, 9],
      ],
      0,
    ],
    [Array.from({ length: 8 }, (_, i) => [2, 3, i + 1]), 2],
  ] as [Shape[], number][]
).map(([x, axis]) => ({
  name: `${x.map((s) => s.join('x')).join(' ')} axis ${axis}`,
  shapes: pad(x),
  attrs: { axis, sizes: x.map((s) => s[axis]) },
}));

const given = (shapes: (Shape | null)[]): Shape[] => shapes.filter((s) => s !== null);

const concatOp = defineOp<ConcatAttrs>({
  id: 'concat',
  inputs: Array.from({ length: most }, (_, i) => ({ name: `x${i}`, optional: i > 0 })),
  outputs: [{ name: 'y' }],
  infer(shapes, { axis, sizes }) {
    const list = given(shapes);
    const [head] = list;
    const at = resolveAxis(axis, head.length, 'concat');
    for (const s of list)
      requireShape(
        s.length === head.length && s.every((n, d) => d === at || n === head[d]),
        'concat',
        `${showShape(s)} does not continue ${showShape(head)} along axis ${axis}`,
      );
    requireShape(
      sizes.length === list.length && sizes.every((n, i) => n === list[i][at]),
      'concat',
      `sizes (${sizes.join(', ')}) are not those of the operands`,
    );
    return [head.map((n, d) => (d === at ? list.reduce((sum, s) => sum + s[at], 0) : n))];
  },
  saves: () => ({ inputs: [], outputs: [] }),
  /** axis, then the sizes */
  pack: ({ axis, sizes }) => [axis, ...sizes],
  cost(shapes) {
    const bytes = 8 * given(shapes).reduce((n, s) => n + sizeOf(s), 0);
    return { forward: { flops: 0, bytes }, backward: { flops: 0, bytes } };
  },
  cases,
  tolerance: 0,
});
export default concatOp;

/** One to eight tensors along `axis` (negative: from the end); the other axes must agree. */
export function concat(t: Tape, tensors: readonly Tensor[], axis: number): Tensor {
  requireShape(
    tensors.length >= 1 && tensors.length <= most,
    'concat',
    `takes 1 to ${most} tensors, not ${tensors.length}`,
  );
  const at = resolveAxis(axis, tensors[0].shape.length, 'concat');
  return t.apply(concatOp, pad(tensors), { axis: at, sizes: tensors.map((x) => x.shape[at]) })[0];
}
