/**
 * A layer of a network of sines (Sitzmann et al. 2020, arXiv 2006.09661; Hyena's filters): y = sin(w a), a = x W^T + b.
 *
 * Operands: x (L, E), W (F, E), b (F), frequency w (F); y (L, F). Backward, with c = g w cos(w a):
 *   dx = c W    dW = c^T x    db = sum_l c    dw = sum_l g a cos(w a)
 *
 * Frequencies of 10 and more multiply the rounding error of a, layer after layer: float32 devices keep x and y in
 * float32 but sum a, reduce w a and accumulate the gradients of the parameters in float64.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type Fill, type OpCase, requireShape, type Shape, showShape } from '../op.ts';

const fast: Fill = { kind: 'normal', scale: 3, shift: 14 };
const cases: OpCase[] = (
  [
    [1, 1, 1],
    [7, 3, 5],
    [4, 8, 16],
    [101, 33, 17],
    [257, 5, 64],
    [1031, 64, 31],
    [600, 2, 1],
  ] as [number, number, number][]
).flatMap(([L, E, F]) =>
  [undefined, fast].map((frequency) => ({
    name: `${L}x${E} to ${F}${frequency ? ', fast' : ''}`,
    shapes: [[L, E], [F, E], [F], [F]],
    attrs: {},
    fills: [undefined, { kind: 'normal' as const, scale: 1 / Math.sqrt(E) }, undefined, frequency],
  })),
);

/** Rows that one partial sum of the parameters' gradients covers: as in cpu.cc. */
const part = 512;
const padded = (n: number): number => Math.ceil(n / 16) * 16;

const sineMapOp = defineOp({
  id: 'sine-map',
  inputs: [{ name: 'x' }, { name: 'W' }, { name: 'b' }, { name: 'frequency' }],
  outputs: [{ name: 'y' }],
  infer([x, W, b, frequency]) {
    const id = 'sine-map';
    requireShape(x?.length === 2, id, `x must be (L, E), not ${showShape(x)}`);
    requireShape(W?.length === 2 && W[1] === x[1], id, `W must be (F, ${x[1]}), not ${showShape(W)}`);
    requireShape(b?.length === 1 && b[0] === W[0], id, `b must be (${W[0]}), not ${showShape(b)}`);
    requireShape(
      frequency?.length === 1 && frequency[0] === W[0],
      id,
      `frequency must be (${W[0]}), not ${showShape(frequency)}`,
    );
    return [[x[0], W[0]]];
  },
  saves: () => ({ inputs: [0, 1, 2, 3], outputs: [] }),
  pack: () => [],
  /** The parameters in float64, a few rows a thread, and the partial sums of the backward pass. */
  workspace([x, W], _, pass, threads) {
    const [[L, E], [F]] = [x as Shape, W as Shape];
    const weights = 2 * padded(E + 2) * padded(F);
    const partial = pass === 'backward' ? Math.ceil(L / part) * (E + 2) * padded(F) : 0;
    return 8 * (weights + partial + threads * 16 * (padded(E) + padded(F)));
  },
  cost([x, W]) {
    const [[L, E], [F]] = [x as Shape, W as Shape];
    return {
      forward: { flops: L * F * (2 * E + 20), bytes: 4 * (L * (E + F) + F * E) },
      backward: { flops: L * F * (6 * E + 30), bytes: 4 * (L * (2 * E + F) + 2 * F * E) },
    };
  },
  cases,
  tolerance: 2e-6,
});
export default sineMapOp;

/** y (L, F) = sin(frequency (x W^T + b)). */
export const sineMap = (t: Tape, x: Tensor, W: Tensor, b: Tensor, frequency: Tensor): Tensor =>
  t.apply(sineMapOp, [x, W, b, frequency], {})[0];
