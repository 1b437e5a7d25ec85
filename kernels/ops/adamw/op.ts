/**
 * One AdamW step (Loshchilov & Hutter 2019, arXiv 1711.05101, algorithm 2), in place, t from 1, in PyTorch's order
 * (decay, moments, step):
 *
 *   g <- g min(1, c / (sqrt(normSquared) + 1e-6))         when normSquared (1) is given: clipping by the global norm
 *   p <- p (1 - lr wd)
 *   m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
 *   p <- p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 *
 * The norm stays on the device: clipping costs no round trip to the host.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, sizeOf } from '../op.ts';

export type AdamWAttrs = {
  lr: number;
  beta1: number;
  beta2: number;
  eps: number;
  weightDecay: number;
  /** t, from 1. */
  step: number;
  /** c; used with the operand normSquared alone. */
  clipNorm: number;
};

const attrs: AdamWAttrs = {
  lr: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0.1,
  step: 3,
  clipNorm: 1,
};
const square = { kind: 'uniform' as const, low: 0.01, high: 2 };
const cases: OpCase<AdamWAttrs>[] = (
  [
    ['1', [1], null, 1],
    ['7', [7], null, 1],
    ['3x67', [3, 67], null, 1000],
    ['clipped', [5, 13], 49, 3],
    ['below the clip', [5, 13], 0.25, 3],
    ['norm 0', [5], 0, 3],
    ['40001', [40001], 100, 3],
  ] as [string, Shape, number | null, number][]
).map(([name, p, norm, step]) => ({
  name,
  shapes: [p, p, p, p, norm === null ? null : [1]],
  attrs: { ...attrs, step },
  fills: [undefined, undefined, square, undefined, norm === null ? undefined : { kind: 'values', values: [norm] }],
}));

const adamwOp = defineOp<AdamWAttrs>({
  id: 'adamw',
  inputs: [{ name: 'p' }, { name: 'm' }, { name: 'v' }, { name: 'g' }, { name: 'norm_squared', optional: true }],
  outputs: [],
  mutates: [0, 1, 2],
  differentiable: false,
  infer([p, m, v, g, norm]) {
    const n = sizeOf(p as Shape);
    for (const s of [m, v, g])
      requireShape(sizeOf(s as Shape) === n, 'adamw', 'p, m, v and g must have the same number of elements');
    requireShape(!norm || sizeOf(norm) === 1, 'adamw', 'norm_squared must have one element');
    return [];
  },
  saves: () => ({ inputs: [], outputs: [] }),
  /** lr, beta1, beta2, eps, weight decay, 1 - beta1^t, 1 - beta2^t, clip norm */
  pack: (a) => [a.lr, a.beta1, a.beta2, a.eps, a.weightDecay, 1 - a.beta1 ** a.step, 1 - a.beta2 ** a.step, a.clipNorm],
  cost([p]) {
    const n = sizeOf(p as Shape);
    return { forward: { flops: 14 * n, bytes: 28 * n }, backward: { flops: 0, bytes: 0 } };
  },
  cases,
  tolerance: 1e-6,
});
export default adamwOp;

export function adamw(
  t: Tape,
  p: Tensor,
  m: Tensor,
  v: Tensor,
  g: Tensor,
  normSquared: Tensor | null,
  a: AdamWAttrs,
): void {
  t.apply(adamwOp, [p, m, v, g, normSquared], a);
}
