import type { ReferenceCall } from '../op.ts';
import { hashSizes } from './op.ts';

export function forward({ inputs, outputs: [buckets, order] }: ReferenceCall): void {
  const [x, rotations, lengths] = inputs;
  if (!x || !rotations || !buckets || !order) return;
  const { B, L, h, d, R, n } = hashSizes(inputs.map((i) => i?.shape ?? null));
  for (let b = 0; b < B; b++)
    for (let e = 0; e < h; e++) {
      const at = (b * h + e) * R * L;
      for (let r = 0; r < R; r++)
        for (let l = 0; l < L; l++) {
          const turned = Array.from({ length: n / 2 }, (_, k) => {
            let sum = 0;
            for (let c = 0; c < d; c++)
              sum += x.data[((b * L + l) * h + e) * d + c] * rotations.data[(c * R + r) * (n / 2) + k];
            return sum;
          });
          const all = [...turned, ...turned.map((y) => -y)];
          buckets.data[at + r * L + l] = r * n + all.indexOf(Math.max(...all));
        }
      const length = lengths ? Math.max(0, Math.min(L, lengths.data[b])) : L;
      const entries = Array.from({ length: R * L }, (_, i) => i).filter((i) => i % L < length);
      // Array.prototype.sort is stable: equal buckets stay in order of steps.
      entries.sort((i, j) => buckets.data[at + i] - buckets.data[at + j]);
      for (let i = 0; i < R * L; i++) order.data[at + i] = entries[i] ?? -1;
    }
}
