import type { ReferenceCall } from '../op.ts';

export function forward({ inputs: [x, w, bias], outputs: [y] }: ReferenceCall): void {
  if (!x || !w || !y) return;
  const [B, D, L] = x.shape;
  const K = w.shape[1];
  for (let row = 0; row < B * D; row++)
    for (let t = 0; t < L; t++) {
      const d = row % D;
      y.data[row * L + t] = bias ? bias.data[d] : 0;
      for (let j = 0; j < K; j++)
        if (t - K + 1 + j >= 0) y.data[row * L + t] += w.data[d * K + j] * x.data[row * L + t - K + 1 + j];
    }
}

export function backward({ inputs: [x, w], gradOutputs: [g], gradInputs: [gx, gw, gb] }: ReferenceCall): void {
  if (!x || !w || !g) return;
  const [B, D, L] = x.shape;
  const K = w.shape[1];
  for (let row = 0; row < B * D; row++)
    for (let t = 0; t < L; t++) {
      const d = row % D;
      const up = g.data[row * L + t];
      if (gb) gb.data[d] += up;
      for (let j = 0; j < K; j++) {
        const from = t - K + 1 + j;
        if (from < 0) continue;
        if (gx) gx.data[row * L + from] += w.data[d * K + j] * up;
        if (gw) gw.data[d * K + j] += up * x.data[row * L + from];
      }
    }
}
