import { type NdArray, type ReferenceCall, sizeOf } from '../op.ts';
import type { ConcatAttrs } from './op.ts';

/** For every element of a part that starts at `start`: its index there and in the whole. */
function visit(whole: NdArray, axis: number, start: number, part: NdArray, at: (i: number, to: number) => void): void {
  const inner = sizeOf(whole.shape.slice(axis + 1));
  const run = part.shape[axis] * inner;
  for (let i = 0; i < part.data.length; i++)
    at(i, Math.floor(i / run) * whole.shape[axis] * inner + start * inner + (i % run));
}

export function forward({ inputs, outputs: [y], attrs: { axis, sizes } }: ReferenceCall<ConcatAttrs>): void {
  let start = 0;
  sizes.forEach((n, k) => {
    const x = inputs[k];
    if (x && y)
      visit(y, axis, start, x, (i, to) => {
        y.data[to] = x.data[i];
      });
    start += n;
  });
}

export function backward(call: ReferenceCall<ConcatAttrs>): void {
  const {
    gradOutputs: [g],
    gradInputs,
    attrs: { axis, sizes },
  } = call;
  let start = 0;
  sizes.forEach((n, k) => {
    const gx = gradInputs[k];
    if (g && gx)
      visit(g, axis, start, gx, (i, to) => {
        gx.data[i] = g.data[to];
      });
    start += n;
  });
}
