/**
 * Dense layer y = x W^T + b, W (out, in), b (out).
 *
 * Initial values: W and b both U(-1/sqrt(in), 1/sqrt(in)) (the "Kaiming uniform with a = sqrt 5" default of the
 * public code).
 */
import { linear } from '../../kernels/ops/matmul/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { ParameterHints, StoreView } from '../parameters.ts';

export class Linear {
  readonly weight: Tensor;
  readonly bias: Tensor | null;

  /** Registers `weight` and `bias` below `store`. */
  constructor(
    store: StoreView,
    inputs: number,
    outputs: number,
    streams: Streams,
    { bias = true, hints = {} as ParameterHints } = {},
  ) {
    const bound = 1 / Math.sqrt(inputs);
    const uniform = (n: number) => () => streams.get('init').uniforms(n, -bound, bound);
    this.weight = store.add('weight', uniform(outputs * inputs), [outputs, inputs], hints);
    this.bias = bias ? store.add('bias', uniform(outputs), [outputs], hints) : null;
  }

  /** (..., in) to (..., out). */
  forward(t: Tape, x: Tensor): Tensor {
    return linear(t, x, this.weight, this.bias);
  }
}
