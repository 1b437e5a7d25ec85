/**
 * Element-wise arithmetic of two tensors with numpy's broadcasting, up to rank 6:
 *
 *   add  a + b      sub  a - b      mul  a b      div  a / b
 *
 * Backward: g, g | g, -g | g b, g a | g / b, -g a / b^2, summed over the axes along which an operand was repeated.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { broadcastShape } from '../axes.ts';
import { defineOp, type Fill, type OpCase, requireShape, type Shape, sizeOf } from '../op.ts';

export const functions = ['add', 'sub', 'mul', 'div'] as const;
export type BinaryFunction = (typeof functions)[number];
export type BinaryAttrs = { fn: BinaryFunction };

const pairs: [Shape, Shape][] = [
  [[1], [1]],
  [[7], [7]],
  [
    [3, 5, 67],
    [3, 5, 67],
  ],
  [[3, 5, 67], [67]],
  [
    [3, 5, 67],
    [5, 67],
  ],
  [[3, 5, 67], [1]],
  [[1], [2, 33]],
  [
    [5, 67],
    [3, 5, 67],
  ],
  [
    [3, 5, 67],
    [5, 1],
  ],
  [
    [3, 1, 67],
    [3, 5, 67],
  ],
  [
    [3, 5, 1],
    [1, 1, 67],
  ],
  [
    [2, 1, 3, 1, 5, 1],
    [2, 2, 1, 3, 1, 7],
  ],
  [[257, 3], [3]],
  [[2, 300, 5], [5]],
  [
    [2, 4100],
    [2, 1],
  ],
];
const away: Fill = { kind: 'uniform', low: 0.5, high: 2 };
const cases: OpCase<BinaryAttrs>[] = functions.flatMap((fn) =>
  pairs.map(([a, b]) => ({
    name: `${fn} ${a.join('x')} ${b.join('x')}`,
    shapes: [a, b],
    attrs: { fn },
    fills: fn === 'div' ? [undefined, away] : undefined,
  })),
);

const binary = defineOp<BinaryAttrs>({
  id: 'binary',
  inputs: [{ name: 'a' }, { name: 'b' }],
  outputs: [{ name: 'y' }],
  infer([a, b]) {
    const y = broadcastShape(a as Shape, b as Shape, 'binary');
    requireShape(y.length <= 6, 'binary', `rank ${y.length} is more than 6`);
    return [y];
  },
  saves: ({ fn }) => ({ inputs: fn === 'mul' || fn === 'div' ? [0, 1] : [], outputs: [] }),
  /** function index */
  pack: ({ fn }) => [functions.indexOf(fn)],
  cost([a, b], { fn }) {
    const [na, nb] = [sizeOf(a as Shape), sizeOf(b as Shape)];
    const n = sizeOf(broadcastShape(a as Shape, b as Shape, 'binary'));
    const linear = fn === 'add' || fn === 'sub';
    return {
      forward: { flops: n, bytes: 4 * (na + nb + n) },
      backward: { flops: linear ? n : 4 * n, bytes: 4 * (n + na + nb + (linear ? 0 : na + nb)) },
    };
  },
  passesGradient(input, [a, b], { fn }) {
    const direct = fn === 'add' || (fn === 'sub' && input === 0);
    const mine = (input === 0 ? a : b) as Shape;
    const full = broadcastShape(a as Shape, b as Shape, 'binary');
    return direct && mine.length === full.length && mine.every((n, d) => n === full[d]) ? 0 : null;
  },
  cases,
  tolerance: 2e-6,
});
export default binary;

const make =
  (fn: BinaryFunction) =>
  (t: Tape, a: Tensor, b: Tensor): Tensor =>
    t.apply(binary, [a, b], { fn })[0];

/** a + b, a - b, a b, a / b, broadcast as numpy does. */
export const add = make('add');
export const sub = make('sub');
export const mul = make('mul');
export const div = make('div');
