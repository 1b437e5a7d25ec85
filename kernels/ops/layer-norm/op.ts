/**
 * Layer normalisation over the last axis (Ba, Kiros & Hinton 2016, arXiv 1607.06450):
 *
 *   y = (x - mean) / sqrt(var + eps) * weight + bias        var is the biased one
 *
 * x (..., H); weight and bias (H), either may be null (1 and 0). With xhat the normalised row and h = g * weight,
 * dx = (h - mean(h) - xhat mean(h xhat)) / sqrt(var + eps), dweight = sum g xhat, dbias = sum g over the rows.
 * The backward pass recomputes mean and variance from x while the row is in cache: nothing but x is kept.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export type LayerNormAttrs = { eps: number };

const cases: OpCase<LayerNormAttrs>[] = (
  [
    ['1x1', [1, 1], true, true],
    ['5x2', [5, 2], true, true],
    ['rank 1', [37], true, true],
    ['3x5x64', [3, 5, 64], true, true],
    ['2x7x67', [2, 7, 67], true, true],
    ['no weight', [9, 33], false, true],
    ['no bias', [9, 33], true, false],
    ['neither', [9, 128], false, false],
    ['many rows', [1031, 12], true, true],
    ['wide', [2, 4099], true, true],
  ] as [string, Shape, boolean, boolean][]
).map(([name, x, w, b]) => ({
  name,
  shapes: [x, w ? x.slice(-1) : null, b ? x.slice(-1) : null],
  attrs: { eps: 1e-5 },
}));
cases.push({
  name: 'far from zero',
  shapes: [[6, 100], [100], [100]],
  attrs: { eps: 1e-5 },
  fills: [{ kind: 'normal', shift: 300 }],
});

const layerNormOp = defineOp<LayerNormAttrs>({
  id: 'layer-norm',
  inputs: [{ name: 'x' }, { name: 'weight', optional: true }, { name: 'bias', optional: true }],
  outputs: [{ name: 'y' }],
  infer([x, weight, bias]) {
    const shape = x as Shape;
    requireShape(shape.length >= 1, 'layer-norm', 'x needs at least one axis');
    const H = shape[shape.length - 1];
    for (const [name, s] of [['weight', weight] as const, ['bias', bias] as const])
      requireShape(
        !s || (s.length === 1 && s[0] === H),
        'layer-norm',
        `${name} ${showShape(s)} must be (${H}), the last axis of x ${showShape(shape)}`,
      );
    return [shape];
  },
  saves: () => ({ inputs: [0, 1], outputs: [] }),
  /** eps */
  pack: ({ eps }) => [eps],
  cost([x]) {
    const n = sizeOf(x as Shape);
    return { forward: { flops: 8 * n, bytes: 8 * n }, backward: { flops: 16 * n, bytes: 12 * n } };
  },
  cases,
  tolerance: 3e-6,
});
export default layerNormOp;

export const layerNorm = (
  t: Tape,
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  { eps = 1e-5 }: Partial<LayerNormAttrs> = {},
): Tensor => t.apply(layerNormOp, [x, weight, bias], { eps })[0];
