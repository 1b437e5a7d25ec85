import type { ReferenceCall } from '../op.ts';
import type { LayerNormAttrs } from './op.ts';

/** The normalised row and 1 / sqrt(var + eps). */
function normalise(x: Float64Array | Int32Array, from: number, H: number, eps: number): [number[], number] {
  const row = Array.from(x.subarray(from, from + H));
  const mean = row.reduce((a, b) => a + b, 0) / H;
  const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / H;
  const r = 1 / Math.sqrt(variance + eps);
  return [row.map((v) => (v - mean) * r), r];
}

export function forward({ inputs: [x, w, b], outputs: [y], attrs }: ReferenceCall<LayerNormAttrs>): void {
  if (!x || !y) return;
  const H = x.shape[x.shape.length - 1];
  for (let at = 0; at < x.data.length; at += H) {
    const [hat] = normalise(x.data, at, H, attrs.eps);
    for (let h = 0; h < H; h++) y.data[at + h] = hat[h] * (w ? w.data[h] : 1) + (b ? b.data[h] : 0);
  }
}

export function backward(call: ReferenceCall<LayerNormAttrs>): void {
  const {
    inputs: [x, w],
    gradOutputs: [g],
    gradInputs: [gx, gw, gb],
    attrs,
  } = call;
  if (!x || !g) return;
  const H = x.shape[x.shape.length - 1];
  for (let at = 0; at < x.data.length; at += H) {
    const [hat, r] = normalise(x.data, at, H, attrs.eps);
    const up = hat.map((_, h) => g.data[at + h] * (w ? w.data[h] : 1));
    const mean = up.reduce((a, b) => a + b, 0) / H;
    const along = up.reduce((a, b, h) => a + b * hat[h], 0) / H;
    for (let h = 0; h < H; h++) {
      if (gx) gx.data[at + h] = r * (up[h] - mean - hat[h] * along);
      if (gw) gw.data[h] += g.data[at + h] * hat[h];
      if (gb) gb.data[h] += g.data[at + h];
    }
  }
}
