import type { NdArray, ReferenceCall } from '../op.ts';
import type { StateStepsAttrs } from './op.ts';

export function forward({ inputs, outputs: [y, after], attrs }: ReferenceCall<StateStepsAttrs>): void {
  const [u, rows, rest, D, before] = inputs as [NdArray, NdArray, NdArray | null, NdArray | null, NdArray];
  const [B, M, H] = u.shape;
  const N = rows.shape[1];
  const { channels: C, rank: R } = attrs;
  const coefficient = (row: number, n: number, part: number, h: number) => {
    const i = ((row * N + n) * 2 + part) * H + h;
    return rows.data[i] + (rest ? rest.data[i] : 0);
  };
  /** Re sum_n of a row times x. */
  const functional = (row: number, x: Float64Array, h: number) => {
    let sum = 0;
    for (let n = 0; n < N; n++) sum += coefficient(row, n, 0, h) * x[2 * n] - coefficient(row, n, 1, h) * x[2 * n + 1];
    return sum;
  };
  const output = R === 0 ? 1 : 2 + 2 * R;
  const x = new Float64Array(2 * N);
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++) {
      for (let i = 0; i < 2 * N; i++) x[i] = before.data[(b * 2 * N + i) * H + h];
      for (let t = 0; t < M; t++) {
        const input = u.data[(b * M + t) * H + h];
        const s = Array.from({ length: R }, (_, r) => functional(2 + R + r, x, h));
        for (let n = 0; n < N; n++) {
          const [re, im] = [x[2 * n], x[2 * n + 1]];
          const [aRe, aIm] = [coefficient(0, n, 0, h), coefficient(0, n, 1, h)];
          x[2 * n] = aRe * re - aIm * im + input * (R === 0 ? 1 : coefficient(1, n, 0, h));
          x[2 * n + 1] = aRe * im + aIm * re + input * (R === 0 ? 0 : coefficient(1, n, 1, h));
          for (let r = 0; r < R; r++) {
            x[2 * n] += coefficient(2 + r, n, 0, h) * s[r];
            x[2 * n + 1] += coefficient(2 + r, n, 1, h) * s[r];
          }
        }
        if (y)
          for (let k = 0; k < C; k++)
            y.data[((b * M + t) * C + k) * H + h] = functional(output + k, x, h) + (D ? D.data[k * H + h] * input : 0);
      }
      if (after) for (let i = 0; i < 2 * N; i++) after.data[(b * 2 * N + i) * H + h] = x[i];
    }
}
