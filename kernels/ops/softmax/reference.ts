import type { ReferenceCall } from '../op.ts';

export function forward({ inputs: [x], outputs: [y] }: ReferenceCall): void {
  if (!x || !y) return;
  const n = x.shape[x.shape.length - 1];
  for (let at = 0; at < x.data.length; at += n) {
    const row = Array.from(x.data.subarray(at, at + n));
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const total = row.reduce((sum, v) => sum + Math.exp(v - top), 0);
    for (let i = 0; i < n; i++) y.data[at + i] = Math.exp(row[i] - top) / total;
  }
}

export function backward({ outputs: [y], gradOutputs: [g], gradInputs: [gx] }: ReferenceCall): void {
  if (!y || !g || !gx) return;
  const n = y.shape[y.shape.length - 1];
  for (let at = 0; at < y.data.length; at += n) {
    let dot = 0;
    for (let i = at; i < at + n; i++) dot += g.data[i] * y.data[i];
    for (let i = at; i < at + n; i++) gx.data[i] = y.data[i] * (g.data[i] - dot);
  }
}
