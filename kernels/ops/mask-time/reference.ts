import { lengthOf } from '../masked-mean/reference.ts';
import type { NdArray, ReferenceCall } from '../op.ts';

function mask(from: NdArray, to: NdArray, lengths: NdArray): void {
  const [B, L, H] = from.shape;
  for (let b = 0; b < B; b++) {
    const n = lengthOf('mask-time', lengths, b, L);
    to.data.set(from.data.subarray(b * L * H, (b * L + n) * H), b * L * H);
  }
}

export function forward({ inputs: [x, lengths], outputs: [y] }: ReferenceCall): void {
  if (x && lengths && y) mask(x, y, lengths);
}

export function backward({ inputs: [, lengths], gradOutputs: [g], gradInputs: [gx] }: ReferenceCall): void {
  if (g && lengths && gx) mask(g, gx, lengths);
}
