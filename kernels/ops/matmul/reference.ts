import type { ReferenceCall } from '../op.ts';
import { type MatmulAttrs, matmulSizes } from './op.ts';

export function forward({ inputs: [a, b, bias], outputs: [out], attrs }: ReferenceCall<MatmulAttrs>): void {
  if (!a || !b || !out) return;
  const { batch, M, N, K, shared } = matmulSizes(a.shape, b.shape, null, attrs);
  for (let e = 0; e < batch; e++)
    for (let m = 0; m < M; m++)
      for (let n = 0; n < N; n++) {
        let sum = bias ? bias.data[n] : 0;
        const b0 = shared ? 0 : e * K * N;
        for (let k = 0; k < K; k++)
          sum +=
            a.data[e * M * K + (attrs.transA ? k * M + m : m * K + k)] *
            b.data[b0 + (attrs.transB ? n * K + k : k * N + n)];
        out.data[(e * M + m) * N + n] = sum;
      }
}

export function backward(call: ReferenceCall<MatmulAttrs>): void {
  const {
    inputs: [a, b],
    gradOutputs: [g],
    gradInputs: [ga, gb, gbias],
    attrs,
  } = call;
  if (!a || !b || !g) return;
  const { batch, M, N, K, shared } = matmulSizes(a.shape, b.shape, null, attrs);
  for (let e = 0; e < batch; e++)
    for (let m = 0; m < M; m++)
      for (let n = 0; n < N; n++) {
        const up = g.data[(e * M + m) * N + n];
        const b0 = shared ? 0 : e * K * N;
        if (gbias) gbias.data[n] += up;
        for (let k = 0; k < K; k++) {
          const i = e * M * K + (attrs.transA ? k * M + m : m * K + k);
          const j = b0 + (attrs.transB ? n * K + k : k * N + n);
          if (ga) ga.data[i] += up * b.data[j];
          if (gb) gb.data[j] += up * a.data[i];
        }
      }
}
