import { broadcastIndex } from '../axes.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import type { BinaryAttrs, BinaryFunction } from './op.ts';

const value: Record<BinaryFunction, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
};
/** [d/da, d/db] */
const slopes: Record<BinaryFunction, (a: number, b: number) => [number, number]> = {
  add: () => [1, 1],
  sub: () => [1, -1],
  mul: (a, b) => [b, a],
  div: (a, b) => [1 / b, -a / (b * b)],
};

export function forward({ inputs: [a, b], outputs: [y], attrs }: ReferenceCall<BinaryAttrs>): void {
  if (!a || !b || !y) return;
  const [ia, ib] = [broadcastIndex(y.shape, a.shape), broadcastIndex(y.shape, b.shape)];
  for (let i = 0; i < y.data.length; i++) y.data[i] = value[attrs.fn](a.data[ia(i)], b.data[ib(i)]);
}

export function backward({ inputs, gradOutputs: [g], gradInputs, attrs }: ReferenceCall<BinaryAttrs>): void {
  if (!g) return;
  const [a, b] = inputs;
  const index = (x: NdArray | null | undefined) => (x ? broadcastIndex(g.shape, x.shape) : () => 0);
  const [ia, ib] = [index(a), index(b)];
  gradInputs.forEach((gx, which) => {
    if (!gx) return;
    const at = index(gx);
    for (let i = 0; i < g.data.length; i++)
      gx.data[at(i)] += g.data[i] * slopes[attrs.fn](a ? a.data[ia(i)] : 0, b ? b.data[ib(i)] : 1)[which];
  });
}
