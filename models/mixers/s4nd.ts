/**
 * S4ND on images: a two-dimensional state space layer, one diagonal state space per axis.
 *
 *   K[i, j] = k1[i] k2[j]                             k1, k2: S4D kernels, with their own steps, A, B, C
 *   z = GLU(W dropout(GELU(K * u + D u)) + b)         `layers/convolution-2d.ts`
 *
 * Nguyen et al. 2022, arXiv 2210.06583, equations 4 and 5. Parameters of each axis as in `s4d.ts`, below
 * `layer.kernel.0` (rows) and `layer.kernel.1` (columns); steps between 0.1 and 1 and one state matrix for all
 * channels, as in the published CIFAR configuration. The kernel is of rank 1 per kernel channel: `channels` raises it.
 * The public code makes the outer product of the factors' spectra and transforms in two dimensions; the two passes
 * here give the same numbers with less memory. Not causal: each pixel sees the whole image.
 */
import { kernelChannels } from '../layers/convolution.ts';
import {
  type Convolution2dConfig,
  convolution2d,
  convolution2dDefaults,
  convolution2dOptions,
} from '../layers/convolution-2d.ts';
import type { MixerDefinition } from '../mixer.ts';
import s4d, { diagonalKernel, type S4dConfig } from './s4d.ts';

export type S4ndConfig = S4dConfig & Convolution2dConfig;

const s4nd: MixerDefinition<S4ndConfig> = {
  id: 's4nd',
  title: 'S4ND',
  paper: {
    title: 'S4ND: Modeling Images and Videos as Multidimensional Signals Using State Spaces',
    arxiv: '2210.06583',
    year: 2022,
  },
  kind: 'state space',
  complexity: { sequence: 'L log L + N sqrt L', step: null },
  golden: ['s4d', 'fftconv'],
  systems: [{ id: 's4nd', title: 'S4ND', published: ['S4ND-ISO'] }],
  causal: ({ bidirectional }) => !bidirectional,
  defaults: { ...s4d.defaults, ...convolution2dDefaults, copies: 1, dtMin: 0.1, dtMax: 1 },
  options: { ...s4d.options, ...convolution2dOptions },
  build(store, size, config, streams) {
    const inner = store.at('layer');
    const axis = (i: number) =>
      diagonalKernel(inner.at(`kernel.${i}`), size.width, kernelChannels(config), config, streams).taps;
    return convolution2d(store, inner, size, config, streams, [axis(0), axis(1)]);
  },
};
export default s4nd;
