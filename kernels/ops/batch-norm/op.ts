/**
 * Batch normalisation (Ioffe & Szegedy 2015, arXiv 1502.03167, algorithm 1): per channel, over all other axes.
 *
 *   y = (x - mean) / sqrt(var + eps) * weight + bias
 *
 * Training: mean and the biased variance of this batch; the running statistics move by
 * r <- (1 - momentum) r + momentum s, the variance with the unbiased s (as PyTorch does). Evaluation: the running
 * statistics. The channel axis is the last one or axis 1; weight, bias and the running statistics are (C).
 * Backward in training: dx = weight r (g - mean(g) - xhat mean(g xhat)); in evaluation dx = weight r g; in both
 * dweight = sum g xhat, dbias = sum g, with r = 1 / sqrt(var + eps). `mean` and `scale` (= r) are outputs that the
 * backward pass reads.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { resolveAxis } from '../axes.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type BatchNormAttrs = { axis: number; eps: number; momentum: number; training: boolean };

const positive = { kind: 'uniform' as const, low: 0.5, high: 2 };
const cases: OpCase<BatchNormAttrs>[] = (
  [
    ['2x1 last', [2, 1], 1],
    ['2x3x1', [2, 3, 1], 1],
    ['5x3x1', [5, 3, 1], 1],
    ['2x4x7', [2, 4, 7], 1],
    ['3x17x61', [3, 17, 61], 1],
    ['1x2x5000', [1, 2, 5000], 1],
    ['7x5 last', [7, 5], 1],
    ['3x41x37 last', [3, 41, 37], 2],
    ['2x601x8 last', [2, 601, 8], 2],
  ] as [string, Shape, number][]
).flatMap(([name, x, axis]) =>
  [true, false].map((training) => ({
    name: `${name} ${training ? 'training' : 'evaluation'}`,
    shapes: [x, [x[axis]], [x[axis]], [x[axis]], [x[axis]]],
    attrs: { axis, eps: 1e-5, momentum: 0.1, training },
    fills: [{ kind: 'normal' as const, shift: 1 }, undefined, undefined, undefined, positive],
  })),
);
cases.push({
  name: 'far from zero',
  shapes: [[4, 3, 100], [3], [3], [3], [3]],
  attrs: { axis: 1, eps: 1e-5, momentum: 0.1, training: true },
  fills: [{ kind: 'normal', shift: 300 }, undefined, undefined, undefined, positive],
  // The mean is kept in float32: 300 deviations away from zero it is off by up to 2e-5 of one.
  tolerance: 3e-5,
});

const batchNormOp = defineOp<BatchNormAttrs>({
  id: 'batch-norm',
  inputs: [
    { name: 'x' },
    { name: 'weight' },
    { name: 'bias' },
    { name: 'running_mean', differentiable: false },
    { name: 'running_var', differentiable: false },
  ],
  outputs: [{ name: 'y' }, { name: 'mean', auxiliary: true }, { name: 'scale', auxiliary: true }],
  mutates: [3, 4],
  infer([x, ...rest], { axis, training }) {
    const shape = x as Shape;
    const at = resolveAxis(axis, shape.length, 'batch-norm');
    requireShape(
      at === 1 || at === shape.length - 1,
      'batch-norm',
      `the channel axis of ${showShape(shape)} must be the last one or axis 1, not ${axis}`,
    );
    const C = shape[at];
    for (const s of rest)
      requireShape(
        s?.length === 1 && s[0] === C,
        'batch-norm',
        `weight, bias and running statistics must be (${C}), not ${showShape(s)}`,
      );
    requireShape(
      !training || sizeOf(shape) > C,
      'batch-norm',
      `training needs more than one value per channel, ${showShape(shape)} has one: use a larger batch`,
    );
    return [shape, [C], [C]];
  },
  saves: () => ({ inputs: [0, 1], outputs: [1, 2] }),
  /** eps, momentum, training (0 or 1), channel axis */
  pack: ({ axis, eps, momentum, training }) => [eps, momentum, Number(training), axis],
  cost([x], { training }) {
    const n = sizeOf(x as Shape);
    return {
      forward: { flops: (training ? 7 : 3) * n, bytes: (training ? 12 : 8) * n },
      backward: { flops: (training ? 9 : 6) * n, bytes: (training ? 20 : 12) * n },
    };
  },
  cases,
  tolerance: 3e-6,
});
export default batchNormOp;

/** Running statistics are updated in place when the tape trains. */
export function batchNorm(
  t: Tape,
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  runningMean: Tensor,
  runningVar: Tensor,
  { axis = -1, eps = 1e-5, momentum = 0.1 }: Partial<Omit<BatchNormAttrs, 'training'>> = {},
): Tensor {
  const at = resolveAxis(axis, x.shape.length, 'batch-norm');
  return t.apply(batchNormOp, [x, weight, bias, runningMean, runningVar], {
    axis: at,
    eps,
    momentum,
    training: t.training,
  })[0];
}
