import { type NdArray, type ReferenceCall, sizeOf } from '../op.ts';
import type { GluAttrs } from './op.ts';

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** For each output element: its index and those of its halves a and b in x. */
function visit(x: NdArray, axis: number, at: (i: number, a: number, b: number) => void): void {
  const half = sizeOf(x.shape.slice(axis)) / 2;
  for (let i = 0; i < x.data.length / 2; i++) {
    const a = Math.floor(i / half) * 2 * half + (i % half);
    at(i, a, a + half);
  }
}

export function forward({ inputs: [x], outputs: [y], attrs }: ReferenceCall<GluAttrs>): void {
  if (x && y)
    visit(x, attrs.axis, (i, a, b) => {
      y.data[i] = x.data[a] * sigmoid(x.data[b]);
    });
}

export function backward(call: ReferenceCall<GluAttrs>): void {
  const {
    inputs: [x],
    gradOutputs: [g],
    gradInputs: [gx],
    attrs,
  } = call;
  if (!x || !g || !gx) return;
  visit(x, attrs.axis, (i, a, b) => {
    const s = sigmoid(x.data[b]);
    gx.data[a] = g.data[i] * s;
    gx.data[b] = g.data[i] * x.data[a] * s * (1 - s);
  });
}
