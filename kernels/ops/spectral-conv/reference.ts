import { fft } from '../../numerics/fft.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import type { SpectralConvAttrs } from './op.ts';

/** Both planes of row `index` of (rows, 2, N). */
function spectrum(x: NdArray, index: number): [Float64Array, Float64Array] {
  const N = x.shape[3];
  const data = x.data as Float64Array;
  return [data.subarray(2 * index * N, (2 * index + 1) * N), data.subarray((2 * index + 1) * N, (2 * index + 2) * N)];
}

/** Calls visit(row of U, row of K, row of y). */
function eachRow([U, K]: (NdArray | null)[], visit: (u: number, k: number, y: number) => void): void {
  const [B, H] = (U as NdArray).shape;
  const C = (K as NdArray).shape[0];
  for (let b = 0; b < B; b++)
    for (let c = 0; c < C; c++) for (let h = 0; h < H; h++) visit(b * H + h, c * H + h, (b * C + c) * H + h);
}

export function forward(call: ReferenceCall<SpectralConvAttrs>): void {
  const [U, K] = call.inputs as NdArray[];
  const y = call.outputs[0] as NdArray;
  const { length } = call.attrs;
  const N = U.shape[3];
  eachRow(call.inputs, (u, k, row) => {
    const [a, b] = spectrum(U, u);
    const [c, d] = spectrum(K, k);
    const re = a.map((x, i) => x * c[i] - b[i] * d[i]);
    const im = a.map((x, i) => x * d[i] + b[i] * c[i]);
    fft(re, im, 1);
    for (let t = 0; t < length; t++) y.data[row * length + t] = re[t] / N;
  });
}

export function backward(call: ReferenceCall<SpectralConvAttrs>): void {
  const [U, K] = call.inputs as NdArray[];
  const g = call.gradOutputs[0];
  const [dU, dK] = call.gradInputs;
  if (!g) return;
  const { length } = call.attrs;
  const N = U.shape[3];
  const accumulate = (to: NdArray | null, at: number, [a, b]: Float64Array[], re: Float64Array, im: Float64Array) => {
    if (!to) return;
    const [x, y] = spectrum(to, at);
    for (let i = 0; i < N; i++) {
      x[i] += a[i] * re[i] + b[i] * im[i];
      y[i] += a[i] * im[i] - b[i] * re[i];
    }
  };
  eachRow(call.inputs, (u, k, row) => {
    const re = new Float64Array(N);
    const im = new Float64Array(N);
    for (let t = 0; t < length; t++) re[t] = g.data[row * length + t] / N;
    fft(re, im);
    accumulate(dU, u, spectrum(K, k), re, im);
    accumulate(dK, k, spectrum(U, u), re, im);
  });
}
