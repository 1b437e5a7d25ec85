/**
 * Hyena: products and long convolutions in turn; the convolution kernels are the values of a small network on the
 * time axis.
 *
 *   p = short(W_in u + b)                            (O + 1) D channels, a causal filter of 3 taps on each
 *   x_0 .. x_{O-1}, v = the (O + 1) parts of p       D channels each
 *   v <- K_{O-1-i} * (v x_i) + bias (v x_i)          i = O - 1 .. 1
 *   y = W_out (v x_0) + b_out
 *   K[c, j] = (exp(-t_j |delta_c|) + shift) (W_last h_j)_c,   t_j = j / (T - 1), T the longest sequence
 *   h_j = sin(w W_n .. sin(w (W_1 z_j + b_1)))       z_j = [t_j, cos(f 2 pi j/T), -sin(f 2 pi j/T)], f the bands
 *
 * Poli et al. 2023, arXiv 2302.10866, Definition 3.1 and section 3.3. The paper counts N convolutions and N gates; the
 * code of order O, and so we, have O gates and O - 1 convolutions. One frequency vector w is trained for all sines;
 * delta runs evenly from log(1e-2)/1.5 to log(1e-2)/0.3 over all D (O - 1) kernels and is fixed; z is trained at a rate
 * of its own (0: not at all). The default of three features has one band, of frequency 1e-4: z is almost [t, 1, 0].
 *
 * The public one-file version and the full class order the kernels differently: `standalone` kernel (o, d) is row
 * o D + d of the network's output, `full` it is d (O - 1) + o, and so is its bias. For O = 2 they are one.
 *
 * Causal: both filters look back only, and all products are of the same step.
 *
 * Each part of p is projected by its own rows of W_in when it is needed: no (B, (O + 1) D, L) is held or cut up.
 */

import { mul } from '../../kernels/ops/binary/op.ts';
import { dropout } from '../../kernels/ops/dropout/op.ts';
import { fftConv } from '../../kernels/ops/fft-conv/op.ts';
import { maskTime } from '../../kernels/ops/mask-time/op.ts';
import { linear, matmul } from '../../kernels/ops/matmul/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { shortConv } from '../../kernels/ops/short-conv/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import {
  HyenaFilter,
  type HyenaFilterConfig,
  hyenaFilterDefaults,
  hyenaFilterOptions,
} from '../layers/hyena-filter.ts';
import { Linear } from '../layers/linear.ts';
import { pipe } from '../layers/pipe.ts';
import type { MixerDefinition } from '../mixer.ts';
import { probability, whole } from '../options.ts';

export interface HyenaConfig extends HyenaFilterConfig {
  /** O >= 2: gates; one convolution less. */
  order: number;
  /** Taps of the short filter. */
  shortFilter: number;
  /** Dropout of the gated values before each convolution. */
  dropout: number;
}

const hyena: MixerDefinition<HyenaConfig> = {
  id: 'hyena',
  title: 'Hyena',
  paper: { title: 'Hyena Hierarchy: Towards Larger Convolutional Language Models', arxiv: '2302.10866', year: 2023 },
  kind: 'convolution',
  complexity: { sequence: 'O L log L', step: null },
  golden: ['hyena', 'fftconv'],
  systems: [
    {
      id: 'hyena',
      title: 'Hyena',
      speed: { published: null },
      cases: /_o2_|fftconv|^net/,
      published: [
        'Hyena',
        'Hyena (safari recipe)',
        'Hyena-2',
        'Hyena 153M',
        'Hyena-153M',
        'Hyena-small checkpoint',
        'Hyena over attention',
        'Hyena over FlashAttention',
        'filter: Hyena',
      ],
    },
    {
      id: 'hyena-3',
      title: 'Hyena-3',
      config: { order: 3 },
      cases: /_o3_|fftconv/,
      published: ['Hyena-3', 'Hyena-3-slim'],
    },
  ],
  causal: () => true,
  defaults: { order: 2, shortFilter: 3, dropout: 0, ...hyenaFilterDefaults },
  options: { order: whole(2), shortFilter: whole(1), dropout: probability, ...hyenaFilterOptions },
  build(store, { width: D, length: T }, config, streams) {
    const { order: O, shortFilter: taps, dropout: p } = config;
    const inner = (O + 1) * D;
    const input = new Linear(store.at('in_proj'), D, inner, streams);
    const output = new Linear(store.at('out_proj'), D, D, streams);
    const bound = 1 / Math.sqrt(taps);
    const uniforms = (n: number) => () => streams.get('init').uniforms(n, -bound, bound);
    const shortWeight = store.add('short_filter.weight', uniforms(inner * taps), [inner, 1, taps]);
    const shortBias = store.add('short_filter.bias', uniforms(inner), [inner]);
    const filter = new HyenaFilter(store.at('filter_fn'), D, O - 1, T, config, streams);

    /** Part i of p: (B, D, L). */
    const part = (t: Tape, u: Tensor, i: number): Tensor => {
      const rows = (x: Tensor) => slice(t, x, { axis: 0, start: i * D, length: D });
      return pipe(t, u, [
        (x) => linear(t, x, rows(input.weight), rows(input.bias as Tensor)),
        (x) => permute(t, x, [0, 2, 1]),
        (x) => shortConv(t, x, t.reshape(rows(shortWeight), [D, taps]), rows(shortBias)),
      ]);
    };
    return {
      forward: (t, x, { lengths }) =>
        t.scope(() => {
          const u = lengths ? maskTime(t, x, lengths) : x;
          const kernels = filter.kernels(t, u.shape[1]);
          const bias = filter.bias(t);
          const row = (y: Tensor, o: number) => (O === 2 ? y : slice(t, y, { axis: 0, start: o, length: 1 }));
          /** v after o convolutions. */
          const value = (o: number): Tensor =>
            o === 0
              ? part(t, u, O)
              : pipe(t, u, [
                  () => t.scope(() => mul(t, value(o - 1), part(t, u, O - o))),
                  (v) => dropout(t, v, { p }),
                  (v) => fftConv(t, v, row(kernels, o - 1), row(bias, o - 1), { sides: 'causal' }),
                ]);
          return pipe(t, u, [
            () => t.scope(() => mul(t, value(O - 1), part(t, u, 0))),
            (v) => matmul(t, v, output.weight, { transA: true, transB: true, bias: output.bias }),
          ]);
        }),
      kernel: (t, length) => filter.kernels(t, length),
    };
  },
};
export default hyena;
