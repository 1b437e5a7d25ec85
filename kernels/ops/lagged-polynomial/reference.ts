import type { NdArray, ReferenceCall } from '../op.ts';

export function forward({ inputs, outputs: [y] }: ReferenceCall): void {
  const [u, c, add] = inputs as [NdArray, NdArray, NdArray | null];
  if (!y) return;
  const [, H, L] = u.shape;
  for (let row = 0; row < y.data.length / L; row++)
    for (let t = 0; t < L; t++) {
      let sum = add ? add.data[row * L + t] : 0;
      let product = u.data[row * L + t];
      for (let p = 2; p <= c.shape[0] + 1 && t - p + 1 >= 0; p++) {
        product *= u.data[row * L + t - p + 1];
        sum += c.data[(p - 2) * H + (row % H)] * product;
      }
      y.data[row * L + t] = sum;
    }
}

export function backward({ inputs, gradOutputs: [g], gradInputs }: ReferenceCall): void {
  const [u, c] = inputs as [NdArray, NdArray];
  const [gu, gc] = gradInputs;
  if (!g) return;
  const [, H, L] = u.shape;
  for (let row = 0; row < g.data.length / L; row++)
    for (let t = 0; t < L; t++)
      for (let p = 2; p <= c.shape[0] + 1 && t - p + 1 >= 0; p++) {
        const factors = Array.from({ length: p }, (_, j) => u.data[row * L + t - j]);
        const up = g.data[row * L + t];
        const at = (p - 2) * H + (row % H);
        if (gc) gc.data[at] += up * factors.reduce((a, b) => a * b, 1);
        if (gu)
          factors.forEach((_, j) => {
            gu.data[row * L + t - j] += c.data[at] * up * factors.reduce((a, b, i) => (i === j ? a : a * b), 1);
          });
      }
}
