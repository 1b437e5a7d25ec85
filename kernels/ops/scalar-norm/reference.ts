import { type NdArray, type ReferenceCall, sizeOf } from '../op.ts';
import type { ScalarNormAttrs } from './op.ts';

/** Calls `work` with the indices of each set of values that is normalised together. */
function visit(x: NdArray, axis: number, work: (at: number[]) => void): void {
  const n = x.shape[axis];
  const inner = sizeOf(x.shape.slice(axis + 1));
  for (let i = 0; i < x.data.length; i++)
    if (Math.floor(i / inner) % n === 0) work(Array.from({ length: n }, (_, k) => i + k * inner));
}

/** Mean and 1 / std (0 where all values are equal). */
function statistics(x: NdArray, at: number[]): [number, number] {
  const mean = at.reduce((a, i) => a + x.data[i], 0) / at.length;
  const std = Math.sqrt(at.reduce((a, i) => a + (x.data[i] - mean) ** 2, 0) / at.length);
  return [mean, at.every((i) => x.data[i] === x.data[at[0]]) ? 0 : 1 / std];
}

export function forward({ inputs: [x, m, s], outputs: [y], attrs }: ReferenceCall<ScalarNormAttrs>): void {
  if (!x || !m || !s || !y) return;
  visit(x, attrs.axis, (at) => {
    const [mean, r] = statistics(x, at);
    for (const i of at) y.data[i] = s.data[0] * r * (x.data[i] - mean + m.data[0]);
  });
}

export function backward(call: ReferenceCall<ScalarNormAttrs>): void {
  const {
    inputs: [x, m, s],
    gradOutputs: [g],
    gradInputs: [gx, gm, gs],
    attrs,
  } = call;
  if (!x || !m || !s || !g) return;
  visit(x, attrs.axis, (at) => {
    const [mean, r] = statistics(x, at);
    const n = at.length;
    const total = at.reduce((a, i) => a + g.data[i], 0);
    const along = at.reduce((a, i) => a + g.data[i] * (x.data[i] - mean) * r, 0);
    if (gm) gm.data[0] += s.data[0] * r * total;
    if (gs) gs.data[0] += along + m.data[0] * r * total;
    for (const i of at)
      if (gx) {
        const hat = (x.data[i] - mean) * r;
        gx.data[i] = s.data[0] * r * (g.data[i] - total / n - (hat * (along + m.data[0] * r * total)) / n);
      }
  });
}
