/**
 * SGConv: a kernel of length L from O(d log(L/d)) parameters, by sub-kernels that double in length and decay.
 *
 *   piece_i = Up(w_i, 2^max(0, i-1)) mu_h^(n-1-i)     i = 0..n-1; w_i (C, H, d), N(0, 1); Up: interpolation
 *   k = concat(piece_0, ..., piece_{n-1}) / Z         cut or zero-padded to L; n = 1 + ceil(log2(L / d))
 *   y = GLU(W dropout(GELU(k * u + D u)) + b)         `layers/convolution.ts`
 *
 * Li et al. 2022, arXiv 2210.09298, equation 3. The paper multiplies scale i by alpha^i, alpha < 1; the code by
 * mu^(n-1-i), mu >= 1, which is the same after the division by Z. mu_h runs evenly from `decayMin` to `decayMax`
 * over the channels. Other modes: `sum` adds pieces that all start at 0; `learnable` and `learnable-sum` have mu = 1
 * and multiply tap l by (l+1)^(-a_h), a_h ~ U(decayMin, decayMax), trained or (`fixedDecay`) not.
 *
 * Z (C, H) is the norm of the first kernel over time, before it is cut to L. The public code records it in the
 * first forward pass; here it is computed when the layer is made, from the same initial pieces, in float64, and
 * kept as the buffer `kernel_norm`: it must be in a checkpoint, and no gradient goes through it.
 *
 * The n pieces are one tensor `kernel_list` (n, C, H, d). They have their own learning rate but, unlike S4's and
 * Long Conv's kernels, the run's weight decay (the public run merges hints that carry the rate only).
 *
 * Causal: the kernel has no taps of negative lag; `bidirectional` has, in a second kernel of the same kind.
 */

import {
  interpolations,
  isLearnable,
  modes,
  type SgconvAttrs,
  type SgconvInterpolation,
  type SgconvMode,
  sgconvKernel,
} from '../../kernels/ops/sgconv-kernel/op.ts';
import { wholeKernelNorm } from '../../kernels/ops/sgconv-kernel/reference.ts';
import type { Stream } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import {
  Convolution,
  type ConvolutionConfig,
  convolutionDefaults,
  convolutionOptions,
  kernelChannels,
} from '../layers/convolution.ts';
import type { MixerDefinition } from '../mixer.ts';
import { flag, oneOf, orNull, rate, real, whole } from '../options.ts';

export interface SgconvConfig extends ConvolutionConfig {
  /** Base length d. */
  kernelDim: number;
  /** Number of pieces n; null: enough for the sequence. */
  scales: number | null;
  /** Every piece is this many octaves longer (1: the first piece has 2d taps). */
  octaves: number;
  mode: SgconvMode;
  interpolation: SgconvInterpolation;
  decayMin: number;
  decayMax: number;
  /** Learnable modes only: keep the decay as it was drawn. */
  fixedDecay: boolean;
  init: 'normal' | 'cosine';
  /** Learning rate of the pieces (and of the decay); null: the run's. */
  lr: number | null;
}

/** Number of pieces n for sequences up to `length`. */
export const scaleCount = ({ scales, kernelDim, octaves }: SgconvConfig, length: number): number =>
  scales ?? Math.max(1, 1 + Math.ceil(Math.log2(length / kernelDim)) - octaves);

const sgconv: MixerDefinition<SgconvConfig> = {
  id: 'sgconv',
  title: 'SGConv',
  paper: {
    title: 'What Makes Convolutional Models Great on Long Sequence Modeling?',
    arxiv: '2210.09298',
    year: 2022,
  },
  kind: 'convolution',
  complexity: { sequence: 'L log L', step: null },
  golden: ['sgconv', 'fftconv'],
  systems: [
    {
      id: 'sgconv',
      title: 'SGConv',
      speed: { published: null },
      lra: () => ({ kernelDim: 32 }),
      published: ['SGConv', 'SGConv layer', 'SGConv (dimension 8)'],
    },
    {
      id: 'sgconv-learnable',
      title: 'SGConv, decay l^-a',
      config: { mode: 'learnable', decayMin: 1, decayMax: 1 },
      published: ['SGConv (decay 1/pos)'],
    },
  ],
  causal: ({ bidirectional }) => !bidirectional,
  defaults: {
    ...convolutionDefaults,
    kernelDim: 64,
    scales: null,
    octaves: 0,
    mode: 'cat',
    interpolation: 'linear',
    decayMin: 2,
    decayMax: 2,
    fixedDecay: false,
    init: 'normal',
    lr: 0.001,
  },
  options: {
    ...convolutionOptions,
    kernelDim: whole(1),
    scales: orNull(whole(1)),
    octaves: whole(0),
    mode: oneOf(...modes),
    interpolation: oneOf(...interpolations),
    decayMin: real,
    decayMax: real,
    fixedDecay: flag,
    init: oneOf('normal', 'cosine'),
    lr: rate,
  },
  build(store, size, config, streams) {
    const { width: H, length } = size;
    const { kernelDim: d, mode, interpolation, decayMin, decayMax, octaves } = config;
    const shape = [scaleCount(config, length), kernelChannels(config), H, d];
    const hints = config.lr === null ? {} : { lr: config.lr };
    const attrs: SgconvAttrs = { mode, interpolation, decayMin, decayMax, length, octaves };
    const stream = streams.get('init');
    // Held until the norm is known.
    let pieces: Float64Array = new Float64Array(0);
    let rates: Float64Array | null = null;
    const w = store.add('kernel_list', () => (pieces = initialPieces(config.init, shape, stream)), shape, hints);
    const draw = () => (rates = stream.uniforms(H, decayMin, decayMax));
    const decay = !isLearnable(mode)
      ? null
      : config.fixedDecay
        ? store.addBuffer('decay', draw, [H])
        : store.add('decay', draw, [H], hints);
    const wholeNorm = () => wholeKernelNorm({ data: pieces, shape }, rates && { data: rates, shape: [H] }, attrs);
    const norm = store.addBuffer('kernel_norm', wholeNorm, [shape[1], H, 1]);
    pieces = new Float64Array(0);
    const layer = new Convolution(store, store, size, config, streams);
    const taps = (t: Tape, length: number) => sgconvKernel(t, w, norm, decay, { ...attrs, length });
    return {
      anyRate: true,
      forward: (t, x, context) => layer.forward(t, x, context, (length) => taps(t, length)),
      kernel: taps,
    };
  },
};
export default sgconv;

/** w_i ~ N(0, 1); or, `cosine`, cos(2 pi h s), s from 0 to 1 along the piece, channels shuffled in each piece. */
function initialPieces(init: SgconvConfig['init'], [n, rows, H, d]: number[], stream: Stream): Float64Array {
  if (init === 'normal') return stream.normals(n * rows * H * d);
  const w = new Float64Array(n * rows * H * d);
  for (let i = 0; i < n; i++) {
    const order = stream.permutation(H);
    for (let c = 0; c < rows; c++)
      for (let h = 0; h < H; h++)
        for (let j = 0; j < d; j++)
          w[((i * rows + c) * H + h) * d + j] = Math.cos(2 * Math.PI * order[h] * (d > 1 ? j / (d - 1) : 0));
  }
  return w;
}
