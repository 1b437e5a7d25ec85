/**
 * The free blocks of one learned butterfly transform (`kernels/ops/butterfly-transform`): a complex matrix M_n for each
 * n = 2, 4, ..., n_max, one set for all channels or one for each.
 *
 *   M_n (1 or H, n, n, 2), real and imaginary parts         2 (4 + 16 + ... + n_max^2) numbers a set: 680 for n_max 16
 *   plain: M_n starts as the DFT matrix      additive: the DFT matrix plus a learned part that starts as 0.01 N(0, 1)
 *   dropout: of the entries of M_n (of the learned part, when additive), drawn anew at every level that uses it
 *
 * Fu et al. 2023, arXiv 2302.06646, section 3.3, and the public `BlockFFT`. A size of N uses at most two of the matrices,
 * n_max and what is left of N; the others keep their values (gradient zero). Their learning rate is 0.001, without weight
 * decay.
 */

import { add } from '../../kernels/ops/binary/op.ts';
import { type ButterflyOptions, butterflyFactors } from '../../kernels/ops/butterfly-transform/op.ts';
import { dftMatrix } from '../../kernels/ops/butterfly-transform/reference.ts';
import { concat } from '../../kernels/ops/concat/op.ts';
import { dropout } from '../../kernels/ops/dropout/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { flag, type Options, powerOfTwo, probability, rate } from '../options.ts';
import type { StoreView } from '../parameters.ts';

export interface BlocksConfig {
  /** n_max, a power of two: the largest matrix. */
  largest: number;
  /** A set for each channel. */
  perHead: boolean;
  additive: boolean;
  /** Probability that an entry of a matrix is dropped. */
  blockDropout: number;
  /** Learning rate of the matrices; null: the run's. */
  blockLr: number | null;
}

export const blocksOptions: Options<BlocksConfig> = {
  largest: powerOfTwo,
  perHead: flag,
  additive: flag,
  blockDropout: probability,
  blockLr: rate,
};

export const blocksDefaults: BlocksConfig = {
  largest: 16,
  perHead: false,
  additive: false,
  blockDropout: 0,
  blockLr: 0.001,
};

/** Row-major (re, im) pairs of the DFT matrix. */
function exactBlock(n: number): Float64Array {
  const { re, im } = dftMatrix(n);
  return Float64Array.from({ length: 2 * n * n }, (_, i) => (i % 2 ? im : re)[i >> 1]);
}

/** Any number of tensors one after the other along axis 1. */
function chain(t: Tape, parts: readonly Tensor[]): Tensor {
  let all = parts[0];
  for (let i = 1; i < parts.length; i += 7) all = concat(t, [all, ...parts.slice(i, i + 7)], 1);
  return all;
}

export class LearnedBlocks {
  readonly #matrices = new Map<number, Tensor>();

  /** Registers `mat_2` ... `mat_<largest>` in `store`. */
  constructor(
    store: StoreView,
    readonly config: BlocksConfig,
    width: number,
    streams: Streams,
  ) {
    const { largest, perHead, additive, blockLr } = config;
    const heads = perHead ? width : 1;
    for (let n = 2; n <= largest; n *= 2) {
      const initial = () => {
        if (additive) return streams.get('init').normals(heads * 2 * n * n, 0.01);
        const exact = exactBlock(n);
        return Float64Array.from({ length: heads * exact.length }, (_, i) => exact[i % exact.length]);
      };
      const hints = { ...(blockLr === null ? {} : { lr: blockLr }), weightDecay: 0 };
      this.#matrices.set(n, store.add(`mat_${n}`, initial, [heads, n, n, 2], hints));
    }
  }

  /** What a transform of at least `size` points takes. */
  at(t: Tape, size: number): ButterflyOptions {
    const { largest, additive, blockDropout: p } = this.config;
    const factors = butterflyFactors(Math.max(2, size), largest);
    const effective = (n: number, M: Tensor) => {
      const flat = t.reshape(M, [M.shape[0], n * n, 2]);
      return additive ? add(t, flat, t.tensor(exactBlock(n), [1, n * n, 2])) : flat;
    };
    const parts: Tensor[] = [];
    const starts = new Map<number, number>();
    let end = 0;
    const place = (n: number, M: Tensor): number => {
      parts.push(effective(n, M));
      end += n * n;
      return end - n * n;
    };
    for (const [n, M] of this.#matrices) starts.set(n, place(n, M));
    const dropping = t.training && p > 0;
    const offsets = factors.map((n) =>
      dropping ? place(n, dropout(t, this.#matrices.get(n) as Tensor, { p })) : (starts.get(n) as number),
    );
    return { factors, offsets, blocks: chain(t, parts) };
  }
}
