import { stridesOf } from '../axes.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import type { PermuteAttrs } from './op.ts';

/** Visits every element: its index in the permuted array and in the original. */
function visit(permuted: NdArray, original: NdArray, axes: readonly number[], at: (to: number, from: number) => void) {
  const strides = stridesOf(original.shape);
  for (let i = 0; i < permuted.data.length; i++) {
    let rest = i;
    let from = 0;
    for (let d = axes.length - 1; d >= 0; d--) {
      from += (rest % permuted.shape[d]) * strides[axes[d]];
      rest = Math.floor(rest / permuted.shape[d]);
    }
    at(i, from);
  }
}

export function forward({ inputs: [x], outputs: [y], attrs }: ReferenceCall<PermuteAttrs>): void {
  if (x && y)
    visit(y, x, attrs.axes, (to, from) => {
      y.data[to] = x.data[from];
    });
}

export function backward({ gradOutputs: [g], gradInputs: [gx], attrs }: ReferenceCall<PermuteAttrs>): void {
  if (g && gx)
    visit(g, gx, attrs.axes, (to, from) => {
      gx.data[from] = g.data[to];
    });
}
