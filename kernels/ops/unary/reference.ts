import { erf } from '../../numerics/special.ts';
import type { ReferenceCall } from '../op.ts';
import type { UnaryAttrs, UnaryFunction } from './op.ts';

const c = Math.sqrt(2 / Math.PI);
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const phi = (x: number): number => 0.5 * (1 + erf(x / Math.SQRT2));

/** [f(x), f'(x)] of each function. */
const table: Record<UnaryFunction, (x: number, a: number, b: number) => [number, number]> = {
  gelu: (x) => [x * phi(x), phi(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI)],
  'gelu-tanh': (x) => {
    const t = Math.tanh(c * (x + 0.044715 * x ** 3));
    return [0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x)];
  },
  silu: (x) => [x * sigmoid(x), sigmoid(x) * (1 + x * (1 - sigmoid(x)))],
  sigmoid: (x) => [sigmoid(x), sigmoid(x) * (1 - sigmoid(x))],
  tanh: (x) => [Math.tanh(x), 1 - Math.tanh(x) ** 2],
  relu: (x) => [Math.max(0, x), x > 0 ? 1 : 0],
  exp: (x) => [Math.exp(x), Math.exp(x)],
  square: (x) => [x * x, 2 * x],
  sin: (x) => [Math.sin(x), Math.cos(x)],
  scale: (x, a, b) => [a * x + b, a],
};
/** f'(x) from y = f(x), for the functions that save their output. */
const fromOutput: Partial<Record<UnaryFunction, (y: number) => number>> = {
  sigmoid: (y) => y * (1 - y),
  tanh: (y) => 1 - y * y,
  relu: (y) => (y > 0 ? 1 : 0),
  exp: (y) => y,
};

export function forward({ inputs: [x], outputs: [y], attrs }: ReferenceCall<UnaryAttrs>): void {
  if (x && y)
    for (let i = 0; i < x.data.length; i++)
      y.data[i] = table[attrs.fn](x.data[i], attrs.alpha ?? 1, attrs.beta ?? 0)[0];
}

export function backward(call: ReferenceCall<UnaryAttrs>): void {
  const {
    inputs: [x],
    outputs: [y],
    gradOutputs: [g],
    gradInputs: [gx],
    attrs,
  } = call;
  if (!g || !gx) return;
  const slope = fromOutput[attrs.fn];
  for (let i = 0; i < g.data.length; i++)
    gx.data[i] =
      g.data[i] * (slope && y ? slope(y.data[i]) : table[attrs.fn](x ? x.data[i] : 0, attrs.alpha ?? 1, 0)[1]);
}
