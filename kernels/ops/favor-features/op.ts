/**
 * Random features of attention, from projected vectors s = W x / d^(1/4) (Choromanski et al. 2020, arXiv 2009.14794,
 * equations 5 to 7 and section 3; "FAVOR+"):
 *
 *   softmax  phi_r = m^(-1/2) (exp(s_r - |x|^2 / (2 sqrt d) - M) + eps)
 *   relu     phi_r = max(s_r, 0) + eps
 *
 *   s (B, L, h, m); x (B, L, h, d), softmax only; lengths i32 (B), for M only: steps from there on do not count
 *   M  'vector': the largest s of the vector (queries); 'sequence': of all vectors of the batch entry's head (keys);
 *      'none': 0. The exponent without M is at most |w_r|^2 / 2
 *
 * M cancels in attention, but for eps, which is added after it: so it is a constant in the gradient, as in the public
 * code. Backward: ds_r = g_r m^(-1/2) exp(...), dx = -x / sqrt d sum_r ds_r; relu: ds_r = g_r where s_r > 0.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, requireShape, type Shape, showShape, sizeOf } from '../op.ts';

export const kernels = ['softmax', 'relu'] as const;
export const maxima = ['vector', 'sequence', 'none'] as const;
export type FavorKernel = (typeof kernels)[number];
export type FavorMaximum = (typeof maxima)[number];
export type FavorAttrs = { kernel: FavorKernel; maximum: FavorMaximum; eps: number };

const id = 'favor-features';
const lengths = { kind: 'values' as const, values: [3, 0, 1000] };
const cases: OpCase<FavorAttrs>[] = (
  [
    [1, 1, 1, 1, 1],
    [2, 7, 3, 10, 6],
    [3, 37, 2, 33, 17],
    [1, 130, 1, 266, 64],
  ] as const
).flatMap(([B, L, h, m, d]) => {
  const [s, x] = [
    [B, L, h, m],
    [B, L, h, d],
  ];
  const name = `B${B} L${L} h${h} m${m} d${d}`;
  return [
    { name: `${name} relu`, shapes: [s, null, null], attrs: { kernel: 'relu', maximum: 'none', eps: 1e-3 } },
    ...maxima.flatMap((maximum): OpCase<FavorAttrs>[] => {
      const notDerivative = maximum === 'none' ? undefined : 'the maximum is a constant in the gradient';
      const attrs = { kernel: 'softmax' as const, maximum, eps: 1e-4 };
      return [
        { name: `${name} ${maximum}`, shapes: [s, x, null], attrs, notDerivative },
        {
          name: `${name} ${maximum} lengths`,
          shapes: [s, x, [B]],
          attrs,
          notDerivative,
          fills: [{ kind: 'normal', scale: 3 }, undefined, lengths],
        },
      ];
    }),
  ];
});

const favorFeaturesOp = defineOp<FavorAttrs>({
  id,
  inputs: [{ name: 's' }, { name: 'x', optional: true }, { name: 'lengths', dtype: 'i32', optional: true }],
  outputs: [{ name: 'phi' }, { name: 'top', auxiliary: true }],
  infer([s, x, lengths], { kernel }) {
    const shape = s as Shape;
    requireShape(shape.length === 4, id, `s ${showShape(s)} must be (batch, length, heads, features)`);
    const [B, L, h] = shape;
    if (kernel === 'softmax')
      requireShape(
        x?.length === 4 && [B, L, h].every((n, i) => n === x[i]),
        id,
        `x ${showShape(x)} must have the batch, length and heads of s ${showShape(s)}`,
      );
    requireShape(!lengths || sizeOf(lengths) === B, id, `lengths ${showShape(lengths)} must be (${B})`);
    return [shape, [B, h]];
  },
  saves: ({ kernel }) => ({ inputs: kernel === 'softmax' ? [0, 1] : [0], outputs: kernel === 'softmax' ? [1] : [] }),
  /** index of the kernel, index of the maximum, eps */
  pack: ({ kernel, maximum, eps }) => [kernels.indexOf(kernel), maxima.indexOf(maximum), eps],
  cost([s, x], { kernel }) {
    const [n, nx] = [sizeOf(s as Shape), kernel === 'softmax' && x ? sizeOf(x) : 0];
    const exp = kernel === 'softmax' ? 16 : 1;
    return {
      forward: { flops: exp * n + 2 * nx, bytes: 4 * (2 * n + nx) },
      backward: { flops: exp * n + 2 * nx, bytes: 4 * (3 * n + 2 * nx) },
    };
  },
  cases,
  tolerance: 3e-6,
});
export default favorFeaturesOp;

export interface FavorOptions {
  /** Default 'softmax'. */
  kernel?: FavorKernel;
  /** Default 'none'. */
  maximum?: FavorMaximum;
  /** Default 1e-4 for softmax, 1e-3 for relu. */
  eps?: number;
  /** i32 (B): steps from there on do not count in the maximum of a sequence. */
  lengths?: Tensor | null;
}

/** phi (B, L, h, m) of s (B, L, h, m), projections of x (B, L, h, d). */
export function favorFeatures(t: Tape, s: Tensor, x: Tensor, options: FavorOptions = {}): Tensor {
  const { kernel = 'softmax', maximum = 'none', eps = kernel === 'softmax' ? 1e-4 : 1e-3, lengths = null } = options;
  const soft = kernel === 'softmax';
  return t.apply(favorFeaturesOp, [s, soft ? x : null, soft ? lengths : null], { kernel, maximum, eps })[0];
}
