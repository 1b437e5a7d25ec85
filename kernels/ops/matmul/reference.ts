import type { NdArray, ReferenceCall } from '../op.ts';
import { type MatmulAttrs, matmulSizes } from './op.ts';

/** Calls visit(out index, a index, b index) for every scalar product of the batch. */
function walk(a: NdArray, b: NdArray, attrs: MatmulAttrs, visit: (o: number, i: number, j: number) => void): void {
  const { batch, M, N, K, shared } = matmulSizes(a.shape, b.shape, null, attrs);
  for (let e = 0; e < batch; e++)
    for (let m = 0; m < M; m++)
      for (let k = 0; k < K; k++) {
        const i = e * M * K + (attrs.transA ? k * M + m : m * K + k);
        for (let n = 0; n < N; n++)
          visit((e * M + m) * N + n, i, (shared ? 0 : e * K * N) + (attrs.transB ? n * K + k : k * N + n));
      }
}

export function forward({ inputs: [a, b, bias], outputs: [out], attrs }: ReferenceCall<MatmulAttrs>): void {
  if (!a || !b || !out) return;
  const n = out.shape[out.shape.length - 1];
  if (bias) for (let o = 0; o < out.data.length; o++) out.data[o] = bias.data[o % n];
  walk(a, b, attrs, (o, i, j) => {
    out.data[o] += a.data[i] * b.data[j];
  });
}

export function backward(call: ReferenceCall<MatmulAttrs>): void {
  const {
    inputs: [a, b],
    gradOutputs: [g],
    gradInputs: [ga, gb, gbias],
    attrs,
  } = call;
  if (!a || !b || !g) return;
  walk(a, b, attrs, (o, i, j) => {
    if (ga) ga.data[i] += g.data[o] * b.data[j];
    if (gb) gb.data[j] += g.data[o] * a.data[i];
  });
  if (gbias) g.data.forEach((x, o) => void (gbias.data[o % gbias.data.length] += x));
}
