import { type NdArray, type ReferenceCall, sizeOf } from '../op.ts';
import type { SliceAttrs } from './op.ts';

/** For each element of the slice: its index and the index it has in the whole. */
function visit(
  part: NdArray,
  whole: NdArray,
  { axis, start, step }: SliceAttrs,
  at: (i: number, from: number) => void,
) {
  const inner = sizeOf(whole.shape.slice(axis + 1));
  const [m, n] = [part.shape[axis], whole.shape[axis]];
  for (let i = 0; i < part.data.length; i++) {
    const outer = Math.floor(i / (m * inner));
    const k = Math.floor(i / inner) % m;
    at(i, (outer * n + start + k * step) * inner + (i % inner));
  }
}

export function forward({ inputs: [x], outputs: [y], attrs }: ReferenceCall<SliceAttrs>): void {
  if (x && y)
    visit(y, x, attrs, (i, from) => {
      y.data[i] = x.data[from];
    });
}

export function backward({ gradOutputs: [g], gradInputs: [gx], attrs }: ReferenceCall<SliceAttrs>): void {
  if (g && gx)
    visit(g, gx, attrs, (i, from) => {
      gx.data[from] = g.data[i];
    });
}
