/**
 * Dropout (Srivastava et al. 2014, JMLR 15), scaled: y = x keep / (1 - p), keep is 0 with probability p.
 *
 * The mask is not stored: both passes draw it again from the counter-based stream. Along the `tied` axes one mask is
 * shared (Gal & Ghahramani 2016, arXiv 1512.05287); the mask's own elements, in row-major order, are the words of the
 * stream from block `start` on, four to a block: element m is kept when word m mod 4 of block start + floor(m / 4) is
 * at least p 2^32.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { resolveAxis } from '../axes.ts';
import { defineOp, type OpCase, requireShape, type Shape, sizeOf } from '../op.ts';

export type DropoutAttrs = {
  p: number;
  /** Axes that share one mask, counted from the front. */
  tied: readonly number[];
  /** Key of the stream and the index of the first block. */
  key: readonly [number, number];
  start: number;
};

/** Elements of the mask. */
export const maskSize = (shape: Shape, tied: readonly number[]): number =>
  sizeOf(shape.filter((_, d) => !tied.includes(d)));

/** Words of the stream below it are dropped: p 2^32, rounded. */
export const threshold = (p: number): number => Math.min(4294967295, Math.round(p * 4294967296));

const cases: OpCase<DropoutAttrs>[] = (
  [
    [[1], []],
    [[7], []],
    [[3, 5, 67], []],
    [[3, 5, 67], [1]],
    [[3, 5, 67], [2]],
    [[3, 5, 67], [0]],
    [
      [3, 5, 67],
      [0, 2],
    ],
    [
      [3, 5, 67],
      [0, 1, 2],
    ],
    [
      [2, 3, 4, 5],
      [0, 2],
    ],
    [
      [2, 3, 4, 5],
      [1, 3],
    ],
    [[1, 70001], []],
  ] as [Shape, number[]][]
).map(([x, tied], i) => ({
  name: `${x.join('x')}${tied.length ? ` tied ${tied.join('')}` : ''}`,
  shapes: [x],
  attrs: { p: 0.1 + 0.07 * i, tied, key: [0x12345678, 0x9abcdef0] as const, start: i % 2 ? 4294967295 * 3 - 5 : i },
}));

const dropoutOp = defineOp<DropoutAttrs>({
  id: 'dropout',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  infer([x], { p }) {
    requireShape(p >= 0 && p < 1, 'dropout', `p = ${p} must lie in [0, 1)`);
    return [x as Shape];
  },
  saves: () => ({ inputs: [], outputs: [] }),
  /** threshold, 1 / (1 - p), key (2 words), first block (low word, high word), then the tied axes */
  pack: ({ p, tied, key, start }) => [
    threshold(p),
    1 / (1 - p),
    key[0],
    key[1],
    start % 4294967296,
    Math.floor(start / 4294967296),
    ...tied,
  ],
  cost([x]) {
    const n = sizeOf(x as Shape);
    return { forward: { flops: n, bytes: 8 * n }, backward: { flops: n, bytes: 8 * n } };
  },
  cases,
  tolerance: 1e-7,
});
export default dropoutOp;

/** The identity unless the tape trains and p > 0. Draws from the tape's stream `dropout`. */
export function dropout(t: Tape, x: Tensor, { p, tied = [] }: { p: number; tied?: readonly number[] }): Tensor {
  requireShape(p >= 0 && p < 1, 'dropout', `p = ${p} must lie in [0, 1)`);
  const axes = [...new Set(tied.map((a) => resolveAxis(a, x.shape.length, 'dropout')))].sort((a, b) => a - b);
  if (!t.training || p === 0) return x;
  const stream = t.streams.get('dropout');
  const start = stream.reserve(Math.ceil(maskSize(x.shape, axes) / 4));
  return t.apply(dropoutOp, [x], { p, tied: axes, key: stream.key, start })[0];
}
