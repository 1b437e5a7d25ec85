/**
 * Causal depthwise FIR filter with few taps, in cross-correlation order:
 *
 *   y[b, d, t] = bias[d] + sum_{j < K} w[d, j] x[b, d, t - K + 1 + j]        x = 0 before the start
 *
 * so w[d, K-1] multiplies the current sample. x (B, D, L), w (D, K), bias (D) or null. Backward:
 * dx[t] = sum_j w[j] g[t + K - 1 - j], dw[d, j] = sum_{b,t} g[t] x[t - K + 1 + j], dbias = sum g.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, showShape } from '../op.ts';

const cases: OpCase[] = (
  [
    [1, 1, 1, 1, true],
    [1, 2, 2, 4, true],
    [2, 5, 16, 3, true],
    [3, 7, 67, 4, false],
    [2, 3, 101, 9, true],
    [1, 2, 5000, 4, true],
    [5, 2, 33, 1, true],
    [1, 3, 7, 40, true],
  ] as [number, number, number, number, boolean][]
).map(([B, D, L, K, bias]) => ({
  name: `${B}x${D}x${L} taps ${K}${bias ? '' : ' no bias'}`,
  shapes: [[B, D, L], [D, K], bias ? [D] : null],
  attrs: {},
  causal: L > 1 ? [2, 2] : undefined,
}));

const shortConvOp = defineOp({
  id: 'short-conv',
  inputs: [{ name: 'x' }, { name: 'w' }, { name: 'bias', optional: true }],
  outputs: [{ name: 'y' }],
  infer([x, w, bias]) {
    requireShape(x?.length === 3, 'short-conv', `x must be (B, D, L), not ${showShape(x)}`);
    requireShape(
      w?.length === 2 && w[0] === x[1] && w[1] >= 1,
      'short-conv',
      `w ${showShape(w)} must be (${x[1]}, K), taps for each channel of x ${showShape(x)}`,
    );
    requireShape(
      !bias || (bias.length === 1 && bias[0] === x[1]),
      'short-conv',
      `bias ${showShape(bias)} must be (${x[1]})`,
    );
    return [x];
  },
  saves: () => ({ inputs: [0, 1], outputs: [] }),
  pack: () => [],
  cost([x, w]) {
    const [B, D, L] = x as number[];
    const n = B * D * L;
    const K = (w as number[])[1];
    return { forward: { flops: 2 * K * n, bytes: 8 * n }, backward: { flops: (4 * K + 1) * n, bytes: 12 * n } };
  },
  cases,
  tolerance: 3e-6,
});
export default shortConvOp;

export const shortConv = (t: Tape, x: Tensor, w: Tensor, bias: Tensor | null): Tensor =>
  t.apply(shortConvOp, [x, w, bias], {})[0];
