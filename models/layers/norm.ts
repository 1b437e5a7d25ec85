/**
 * The normalisation of a block, over (B, L, H).
 *
 *   layer   over the H channels of each position: (x - mean) / sqrt(var + eps) * weight + bias, biased variance
 *   batch   per channel over all B L positions; evaluation uses running statistics
 *
 * weight starts at 1, bias at 0. The public S4 code can also normalise in (B, H, L) with one scalar scale and
 * shift ("transposed" norm); its LRA configurations do not use it.
 */
import { batchNorm } from '../../kernels/ops/batch-norm/op.ts';
import { layerNorm } from '../../kernels/ops/layer-norm/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { StoreView } from '../parameters.ts';

export interface NormOptions {
  kind: 'layer' | 'batch';
  /** Default 1e-5. */
  epsilon?: number;
  /** Of the running statistics. Default 0.1. */
  momentum?: number;
}

export class Norm {
  readonly #weight: Tensor;
  readonly #bias: Tensor;
  readonly #running: [Tensor, Tensor] | null;

  constructor(
    store: StoreView,
    width: number,
    readonly options: NormOptions,
  ) {
    const constant = (x: number) => () => new Float64Array(width).fill(x);
    this.#weight = store.add('weight', constant(1), [width]);
    this.#bias = store.add('bias', constant(0), [width]);
    this.#running =
      options.kind === 'batch'
        ? [store.addBuffer('running_mean', constant(0), [width]), store.addBuffer('running_var', constant(1), [width])]
        : null;
  }

  forward(t: Tape, x: Tensor): Tensor {
    const { epsilon: eps = 1e-5, momentum = 0.1 } = this.options;
    if (!this.#running) return layerNorm(t, x, this.#weight, this.#bias, { eps });
    const [mean, variance] = this.#running;
    return batchNorm(t, x, this.#weight, this.#bias, mean, variance, { axis: x.shape.length - 1, eps, momentum });
  }
}
