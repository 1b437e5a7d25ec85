/**
 * Element-wise functions of one tensor: y = f(x), any shape.
 *
 *   gelu       x Phi(x) = x/2 (1 + erf(x/sqrt 2))                            Hendrycks & Gimpel, arXiv 1606.08415
 *   gelu-tanh  x/2 (1 + tanh(sqrt(2/pi)(x + 0.044715 x^3)))                  the same paper's approximation
 *   silu       x sigmoid(x)
 *   sigmoid, tanh, relu, exp, square
 *   sin        x in radians; on fast devices accurate to 1e-6 absolute for |x| below 10^4
 *   scale      alpha x + beta
 *
 * The backward pass reads the input (gelu, gelu-tanh, silu, square, sin), the output (sigmoid, tanh, relu, exp) or
 * nothing (scale).
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type OpCase, type Shape, sizeOf } from '../op.ts';

export const functions = [
  'gelu',
  'gelu-tanh',
  'silu',
  'sigmoid',
  'tanh',
  'relu',
  'exp',
  'square',
  'sin',
  'scale',
] as const;
export type UnaryFunction = (typeof functions)[number];
export type UnaryAttrs = { fn: UnaryFunction; alpha?: number; beta?: number };

const readsInput = new Set<UnaryFunction>(['gelu', 'gelu-tanh', 'silu', 'square', 'sin']);
const flops: Record<UnaryFunction, [number, number]> = {
  gelu: [20, 30],
  'gelu-tanh': [20, 30],
  silu: [16, 20],
  sigmoid: [15, 3],
  tanh: [18, 3],
  relu: [1, 1],
  exp: [14, 1],
  square: [1, 2],
  sin: [14, 15],
  scale: [2, 1],
};

const cases: OpCase<UnaryAttrs>[] = functions.flatMap((fn) =>
  [[1], [3, 5], [2, 3, 257]].map((shape) => ({
    name: `${fn} ${shape.join('x')}`,
    shapes: [shape],
    attrs: { fn, alpha: -1.5, beta: 0.25 },
    fills: [{ kind: 'normal' as const, scale: 3 }],
  })),
);

cases.push({
  name: 'sin far from zero',
  shapes: [[777]],
  attrs: { fn: 'sin' },
  fills: [{ kind: 'uniform', low: -1e4, high: 1e4 }],
});

const unary = defineOp<UnaryAttrs>({
  id: 'unary',
  inputs: [{ name: 'x' }],
  outputs: [{ name: 'y' }],
  infer: ([x]) => [x as Shape],
  saves: ({ fn }) => ({
    inputs: readsInput.has(fn) ? [0] : [],
    outputs: readsInput.has(fn) || fn === 'scale' ? [] : [0],
  }),
  /** function index, alpha, beta */
  pack: ({ fn, alpha = 1, beta = 0 }) => [functions.indexOf(fn), alpha, beta],
  cost([x], { fn }) {
    const n = sizeOf(x as Shape);
    return {
      forward: { flops: flops[fn][0] * n, bytes: 8 * n },
      backward: { flops: flops[fn][1] * n, bytes: 12 * n },
    };
  },
  cases,
  tolerance: 2e-6,
});
export default unary;

const make =
  (fn: UnaryFunction) =>
  (t: Tape, x: Tensor): Tensor =>
    t.apply(unary, [x], { fn })[0];

export const gelu = make('gelu');
export const geluTanh = make('gelu-tanh');
export const silu = make('silu');
export const sigmoid = make('sigmoid');
export const tanh = make('tanh');
export const relu = make('relu');
export const exp = make('exp');
export const square = make('square');
export const sin = make('sin');
/** alpha x + beta */
export const scale = (t: Tape, x: Tensor, alpha: number, beta = 0): Tensor =>
  t.apply(unary, [x], { fn: 'scale', alpha, beta })[0];
