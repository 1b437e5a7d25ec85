/** What a peer's task gives by our own operators in float64, on the operands that the peer makes by the same rule. */
import { openDevice } from '../../kernels/device/registry.ts';
import { attention } from '../../kernels/ops/attention/op.ts';
import { fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { matmul } from '../../kernels/ops/matmul/op.ts';
import { type Shape, sizeOf } from '../../kernels/ops/op.ts';
import { shortConv } from '../../kernels/ops/short-conv/op.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { type PeerRun, type PeerTask, peerValue } from './peer.ts';

interface Formula {
  result: string;
  /** In the order of `peerValue`'s streams; `gradient` is the name of its sum. */
  inputs: { gradient: string; shape: Shape; scale?: number }[];
  forward(t: Tape, inputs: Tensor[]): Tensor;
}

function formula(task: PeerTask): Formula {
  switch (task.op) {
    case 'fft-conv': {
      const { B, H, L } = task;
      return {
        result: 'y',
        inputs: [
          { gradient: 'du', shape: [B, H, L] },
          { gradient: 'dk', shape: [1, H, L], scale: 1 / Math.sqrt(L) },
          { gradient: 'dD', shape: [1, H] },
        ],
        forward: (t, [u, k, D]) => fftConv(t, u, k, D, { sides: 'causal' }),
      };
    }
    case 'gemm': {
      const { batch, M, N, K, transA } = task;
      return {
        result: 'c',
        inputs: [
          { gradient: 'da', shape: transA ? [batch, K, M] : [batch, M, K] },
          { gradient: 'db', shape: [N, K] },
        ],
        forward: (t, [a, b]) => matmul(t, a, b, { transA, transB: true }),
      };
    }
    case 'attention': {
      const { B, L, h, d, causal } = task;
      return {
        result: 'o',
        inputs: ['dq', 'dk', 'dv'].map((gradient) => ({ gradient, shape: [B, L, h, d] })),
        forward: (t, [q, k, v]) => attention(t, q, k, v, { causal }).o,
      };
    }
    case 'short-conv': {
      const { B, D, L, K } = task;
      return {
        result: 'y',
        inputs: [
          { gradient: 'dx', shape: [B, D, L] },
          { gradient: 'dw', shape: [D, K] },
        ],
        forward: (t, [x, w]) => shortConv(t, x, w, null),
      };
    }
  }
}

/** Sums of squares by the names of `PeerAnswer.sums`. */
export async function referenceSums(task: PeerTask, pass: PeerRun['pass']): Promise<Map<string, number>> {
  const { result, inputs, forward } = formula(task);
  const grad = pass !== 'forward';
  using t = new Tape(await openDevice('reference'), { grad });
  const values = (stream: number, shape: Shape, scale = 1) =>
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.fround(peerValue(stream, i) * scale));
  const squares = async (x: Tensor) => Array.from(await x.read()).reduce((a, b) => a + b * b, 0);
  const operands = inputs.map(({ shape, scale }, i) => t.tensor(values(i, shape, scale), shape, 'real', grad));
  const y = forward(t, operands);
  const sums = new Map<string, number>();
  if (pass !== 'backward') sums.set(result, await squares(y));
  if (!grad) return sums;
  const grads = t.backward(y, t.tensor(values(3, y.shape), y.shape), operands);
  for (const [i, { gradient }] of inputs.entries()) {
    const g = grads[i];
    if (g) sums.set(gradient, await squares(g));
  }
  for (const x of operands) {
    x.grad?.dispose();
    x.grad = null;
  }
  return sums;
}
