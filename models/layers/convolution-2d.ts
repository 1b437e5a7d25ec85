/**
 * The two-dimensional form of a long convolution layer: a separable kernel, one factor per axis of the image.
 *
 *   y[i, j] = sum_{i', j'} k1[i - i'] k2[j - j'] u[i', j'] + D u[i, j]        per channel; u (B, H, X, Y)
 *   z = GLU(W dropout(GELU(y)) + b)                                           W (2H, C H)
 *
 * Nguyen et al. 2022, arXiv 2210.06583 (S4ND), equation 5: the kernel of a multidimensional state space whose axes
 * are independent is the outer product of one-dimensional ones, of rank 1 per kernel channel c. The sum over both
 * axes is a convolution of every column with k1 and then of every row with k2, which is how it is computed: no X Y
 * kernel is made, and no two-dimensional transform.
 *
 * An image is a sequence of L = X Y steps in row order, step i Y + j at row i and column j. Each axis is two-sided
 * as in `convolution.ts` (2C factors, the second C start at lag -1), or causal: then a pixel sees those that are
 * neither below it nor to its right, all of them earlier steps of the sequence.
 */

import { add, mul } from '../../kernels/ops/binary/op.ts';
import { concat } from '../../kernels/ops/concat/op.ts';
import { dropout } from '../../kernels/ops/dropout/op.ts';
import { fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { glu } from '../../kernels/ops/glu/op.ts';
import { matmul } from '../../kernels/ops/matmul/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { gelu, geluTanh } from '../../kernels/ops/unary/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { Mixer, MixerSize } from '../mixer.ts';
import { type Options, orNull, whole } from '../options.ts';
import type { StoreView } from '../parameters.ts';
import { type ConvolutionConfig, convolutionDefaults, convolutionOptions } from './convolution.ts';
import { Linear } from './linear.ts';
import { pipe } from './pipe.ts';

export interface Convolution2dConfig extends ConvolutionConfig {
  /** Rows X and columns Y of the image; null: the square of the longest sequence. */
  rows: number | null;
  columns: number | null;
}

export const convolution2dOptions: Options<Convolution2dConfig> = {
  ...convolutionOptions,
  rows: orNull(whole(1)),
  columns: orNull(whole(1)),
};

export const convolution2dDefaults: Convolution2dConfig = {
  ...convolutionDefaults,
  bidirectional: true,
  rows: null,
  columns: null,
};

/** Rows X and columns Y; throws unless the sequence is a whole image. */
export function imageShape({ rows, columns }: Convolution2dConfig, length: number): [number, number] {
  const side = Math.round(Math.sqrt(length));
  const [X, Y] = [rows ?? (columns ? length / columns : side), columns ?? (rows ? length / rows : side)];
  if (X * Y !== length || !Number.isInteger(X) || !Number.isInteger(Y))
    throw new RangeError(
      `a sequence of ${length} steps is not an image of ${X} x ${Y} pixels: set rows and columns to its size`,
    );
  return [X, Y];
}

/** Kernel factor of one axis, (C or 2C, H, length). */
export type AxisTaps = (t: Tape, length: number) => Tensor;

/** Registers `D` in `inner` and the dense map in `store`: the layer whose factors are `vertical` (along the X rows) and `horizontal` (along the Y columns). */
export function convolution2d(
  store: StoreView,
  inner: StoreView,
  size: MixerSize,
  config: Convolution2dConfig,
  streams: Streams,
  [vertical, horizontal]: [AxisTaps, AxisTaps],
): Mixer {
  const { width: H, dropout: p, tiedDropout } = size;
  const { channels: C, output, activation, form, bidirectional } = config;
  if (output === 'none' && C !== 1)
    throw new RangeError(`a convolution of ${C} channels needs an output map: set output to glu or linear`);
  imageShape(config, size.length);
  const skip = inner.add('D', () => streams.get('init').normals(C * H), [C, H]);
  const name = output === 'glu' ? 'output_linear.0' : 'output_linear';
  const map = output === 'none' ? null : new Linear(store.at(name), C * H, output === 'glu' ? 2 * H : H, streams);
  const sides = bidirectional ? 'lag-1' : 'causal';
  const copies = (t: Tape, u: Tensor) => (C === 1 ? u : concat(t, new Array(C).fill(u), 2));
  return {
    forward(t, x, { lengths }) {
      if (lengths) throw new RangeError('images are not padded: a two-dimensional convolution takes no lengths');
      const [B, L] = x.shape;
      const [X, Y] = imageShape(config, L);
      const image = t.reshape(x, [B, X, Y, H]);
      const columns = (u: Tensor) =>
        t.reshape(
          fftConv(t, t.reshape(permute(t, u, [0, 2, 3, 1]), [B * Y, H, X]), vertical(t, X), null, { sides, form }),
          [B, Y, C * H, X],
        );
      const rows = (v: Tensor) => {
        const k = horizontal(t, Y);
        const one = t.reshape(k, [bidirectional ? 2 : 1, C * H, Y]);
        const u = t.reshape(permute(t, v, [0, 3, 2, 1]), [B * X, C * H, Y]);
        return t.reshape(fftConv(t, u, one, null, { sides, form }), [B, X, C * H, Y]);
      };
      return pipe(t, image, [
        (u) =>
          add(
            t,
            pipe(t, u, [columns, rows]),
            mul(t, copies(t, permute(t, u, [0, 1, 3, 2])), t.reshape(skip, [C * H, 1])),
          ),
        (v) => (activation === 'none' ? v : activation === 'gelu' ? gelu(t, v) : geluTanh(t, v)),
        (v) => dropout(t, v, { p, tied: tiedDropout ? [1, 3] : [] }),
        (v) => {
          const flat = t.reshape(v, [B * X, C * H, Y]);
          return map
            ? matmul(t, flat, map.weight, { transA: true, transB: true, bias: map.bias })
            : permute(t, flat, [0, 2, 1]);
        },
        (z) => (output === 'glu' ? glu(t, z) : z),
        (z) => t.reshape(z, [B, L, H]),
      ]);
    },
  };
}
