import type { NdArray, ReferenceCall } from '../op.ts';

/** Calls `visit` for every element: its place, that of the step before it (null at the start), channel and sequence. */
function each(x: NdArray, visit: (at: number, past: number | null, c: number, b: number) => void): void {
  const [B, T, C] = x.shape;
  for (let b = 0; b < B; b++)
    for (let t = 0; t < T; t++)
      for (let c = 0; c < C; c++) {
        const at = (b * T + t) * C + c;
        visit(at, t > 0 ? at - C : null, c, b);
      }
}

export function forward({ inputs: [x, m, before], outputs: [y] }: ReferenceCall): void {
  if (!x || !m || !y) return;
  const C = m.data.length;
  each(x, (at, past, c, b) => {
    const old = past === null ? (before?.data[b * C + c] ?? 0) : x.data[past];
    y.data[at] = m.data[c] * x.data[at] + (1 - m.data[c]) * old;
  });
}

export function backward({ inputs: [x, m, before], gradOutputs: [g], gradInputs }: ReferenceCall): void {
  const [gx, gm, gBefore] = gradInputs;
  if (!x || !m || !g) return;
  const C = m.data.length;
  each(x, (at, past, c, b) => {
    const old = past === null ? (before?.data[b * C + c] ?? 0) : x.data[past];
    const keep = 1 - m.data[c];
    if (gx) gx.data[at] += m.data[c] * g.data[at];
    if (gx && past !== null) gx.data[past] += keep * g.data[at];
    if (gm) gm.data[c] += g.data[at] * (x.data[at] - old);
    if (gBefore && past === null) gBefore.data[b * C + c] = keep * g.data[at];
  });
}
