import type { ReferenceCall } from '../op.ts';

export function forward({ inputs: [x, before], outputs: [y] }: ReferenceCall): void {
  if (!x || !y) return;
  y.data[0] = before ? before.data[0] : 0;
  for (const v of x.data) y.data[0] += v * v;
}

export function backward({ inputs: [x], gradOutputs: [g], gradInputs: [gx, gb] }: ReferenceCall): void {
  if (!x || !g) return;
  if (gx) for (let i = 0; i < x.data.length; i++) gx.data[i] = 2 * g.data[0] * x.data[i];
  if (gb) gb.data[0] = g.data[0];
}
