import type { NdArray, ReferenceCall } from '../op.ts';

/** Length of sequence b, checked. */
export function lengthOf(op: string, lengths: NdArray | null, b: number, L: number): number {
  const n = lengths ? lengths.data[b] : L;
  if (n < 0 || n > L) throw new RangeError(`${op}: length ${n} of sequence ${b} is outside [0, ${L}]`);
  return n;
}

export function forward({ inputs: [x, lengths], outputs: [y] }: ReferenceCall): void {
  if (!x || !y) return;
  const [B, L, H] = x.shape;
  for (let b = 0; b < B; b++) {
    const n = lengthOf('masked-mean', lengths, b, L);
    for (let l = 0; l < n; l++) for (let h = 0; h < H; h++) y.data[b * H + h] += x.data[(b * L + l) * H + h] / n;
  }
}

export function backward({ inputs: [, lengths], gradOutputs: [g], gradInputs: [gx] }: ReferenceCall): void {
  if (!g || !gx) return;
  const [B, L, H] = gx.shape;
  for (let b = 0; b < B; b++) {
    const n = lengthOf('masked-mean', lengths, b, L);
    for (let l = 0; l < n; l++) for (let h = 0; h < H; h++) gx.data[(b * L + l) * H + h] = g.data[b * H + h] / n;
  }
}
