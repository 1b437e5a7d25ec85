import { convolve } from '../../numerics/fft.ts';
import type { NdArray, ReferenceCall } from '../op.ts';
import { isTwoSided, lagOf, type Sides } from './sides.ts';

type Row = Float64Array;
const row = (x: NdArray, index: number): Row => {
  const n = x.shape[x.shape.length - 1];
  return x.data.subarray(index * n, (index + 1) * n) as Row;
};

/** Calls visit(row of k, tap, index of the lag in a dense array w of 2L - 1 lags) for each tap with an effect. */
function eachTap(
  call: ReferenceCall<{ sides: Sides }>,
  c: number,
  h: number,
  visit: (kRow: number, j: number, at: number) => void,
): void {
  const [u, k] = call.inputs as NdArray[];
  const [, H, L] = u.shape;
  const { sides } = call.attrs;
  const halves = isTwoSided(sides) ? 2 : 1;
  const C = k.shape[0] / halves;
  for (let half = 0; half < halves; half++)
    for (let j = 0; j < k.shape[2]; j++) {
      const lag = lagOf(sides, half, j, L);
      if (Math.abs(lag) < L) visit((half * C + c) * H + h, j, lag + L - 1);
    }
}

/** w[lag + L - 1], with D at lag 0. */
function lags(call: ReferenceCall<{ sides: Sides }>, c: number, h: number): Row {
  const [u, k, D] = call.inputs;
  const [, H, L] = (u as NdArray).shape;
  const w = new Float64Array(2 * L - 1);
  eachTap(call, c, h, (kRow, j, at) => {
    w[at] += row(k as NdArray, kRow)[j];
  });
  if (D) w[L - 1] += D.data[c * H + h];
  return w;
}

export function forward(call: ReferenceCall<{ sides: Sides }>): void {
  const [u] = call.inputs as NdArray[];
  const y = call.outputs[0] as NdArray;
  const [B, H, L] = u.shape;
  const C = y.shape[1] / H;
  for (let c = 0; c < C; c++)
    for (let h = 0; h < H; h++) {
      const w = lags(call, c, h);
      for (let b = 0; b < B; b++)
        row(y, (b * C + c) * H + h).set(convolve(w, row(u, b * H + h)).subarray(L - 1, 2 * L - 1));
    }
}

export function backward(call: ReferenceCall<{ sides: Sides }>): void {
  const [u] = call.inputs as NdArray[];
  const [g] = call.gradOutputs;
  const [du, dk, dD] = call.gradInputs;
  if (!g) return;
  const [B, H, L] = u.shape;
  const C = g.shape[1] / H;
  for (let c = 0; c < C; c++)
    for (let h = 0; h < H; h++) {
      const w = lags(call, c, h).reverse();
      const dw = new Float64Array(2 * L - 1);
      for (let b = 0; b < B; b++) {
        const gRow = row(g, (b * C + c) * H + h);
        if (du) {
          const into = row(du, b * H + h);
          const part = convolve(w, gRow);
          for (let t = 0; t < L; t++) into[t] += part[t + L - 1];
        }
        if (dk || dD) {
          const part = convolve(
            gRow,
            row(u, b * H + h)
              .slice()
              .reverse(),
          );
          for (let i = 0; i < dw.length; i++) dw[i] += part[i];
        }
      }
      if (dk)
        eachTap(call, c, h, (kRow, j, at) => {
          row(dk, kRow)[j] = dw[at];
        });
      if (dD) dD.data[c * H + h] = dw[L - 1];
    }
}
