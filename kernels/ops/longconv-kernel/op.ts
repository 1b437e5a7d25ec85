/**
 * The regularised kernel of Long Conv (Fu et al. 2023, arXiv 2302.06646, section 3.2): smooth, squash, drop taps.
 *
 *   smooth  s[j] = (1/w) sum_{i=-p..p} K[j+i]   window w = 2p + 1, zeros outside, divisor w at the edges too
 *   squash  k[j] = sign(s[j]) max(|s[j]| - lambda, 0)
 *   drop    each tap is zero with probability p, the others are divided by 1 - p; one mask for the whole batch
 *
 * in this order, as the authors' code does it. Backward: the gradient passes where k is not zero (that is where
 * |s| > lambda and the tap was kept) and through the smoother, which is its own transpose.
 *
 * The taps' mask is drawn as that of `dropout` is: tap m (row-major) is kept when word m mod 4 of block
 * start + floor(m/4) of the Philox stream is at least p 2^32.
 *
 * Operand K (C,H,L), output k (C,H,L).
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { threshold } from '../dropout/op.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type LongconvKernelAttrs = {
  lambda: number;
  /** Odd; 1 means no smoothing. */
  window: number;
  /** Probability of dropping a tap. */
  p: number;
  /** Key of the random stream and the index of its first block. */
  key: readonly [number, number];
  start: number;
};

const key = [0x9e3779b9, 0x243f6a88] as const;
const cases: OpCase<LongconvKernelAttrs>[] = (
  [
    [[1, 1, 1], 0.1, 1, 0],
    [[1, 2, 1], 0.01, 7, 0],
    [[1, 2, 7], 0, 9, 0],
    [[2, 3, 50], 0.5, 7, 0],
    [[2, 3, 101], 0.3, 1, 0.2],
    [[1, 4, 64], 0.2, 5, 0.1],
    [[1, 3, 257], 0.05, 101, 0],
    [[1, 2, 40009], 0.1, 33, 0.3],
    [[1, 1, 33], 0.01, 201, 0],
  ] as [Shape, number, number, number][]
).map(([K, lambda, window, p], i) => ({
  name: `${K.join('x')} lambda ${lambda} window ${window} p ${p}`,
  shapes: [K],
  attrs: { lambda, window, p, key, start: i % 2 ? 4294967295 : 3 },
}));

const longconvKernelOp = defineOp<LongconvKernelAttrs>({
  id: 'longconv-kernel',
  inputs: [{ name: 'K' }],
  outputs: [{ name: 'k' }],
  infer([K], { lambda, window, p }) {
    const id = 'longconv-kernel';
    requireShape(K?.length === 3, id, `K must be (channels, H, L), not ${showShape(K ?? null)}`);
    requireShape(lambda >= 0, id, `lambda = ${lambda} must not be negative`);
    requireShape(
      Number.isInteger(window) && window > 0 && window % 2 === 1,
      id,
      `window = ${window} must be an odd positive integer`,
    );
    requireShape(p >= 0 && p < 1, id, `p = ${p} must lie in [0, 1)`);
    return [K];
  },
  saves: () => ({ inputs: [], outputs: [0] }),
  /** lambda, window, threshold, 1 / (1 - p), key (2 words), first block (low word, high word) */
  pack: ({ lambda, window, p, key, start }) => [
    lambda,
    window,
    threshold(p),
    1 / (1 - p),
    key[0],
    key[1],
    start % 4294967296,
    Math.floor(start / 4294967296),
  ],
  cost([K], { window, p }) {
    const n = sizeOf(K as Shape);
    const flops = n * (Math.min(window, 4) + 3);
    return { forward: { flops: flops + (p > 0 ? 10 * n : 0), bytes: 8 * n }, backward: { flops, bytes: 12 * n } };
  },
  cases,
  tolerance: 1e-6,
});
export default longconvKernelOp;

export interface LongconvKernelOptions {
  lambda: number;
  window?: number;
  dropout?: number;
}

/** The kernel that is convolved with; taps are dropped only while the tape trains (stream `dropout`). */
export function longconvKernel(t: Tape, K: Tensor, { lambda, window = 1, dropout = 0 }: LongconvKernelOptions): Tensor {
  const p = t.training ? dropout : 0;
  const stream = t.streams.get('dropout');
  const start = p > 0 ? stream.reserve(Math.ceil(K.size / 4)) : 0;
  return t.apply(longconvKernelOp, [K], { lambda, window, p, key: stream.key, start })[0];
}
