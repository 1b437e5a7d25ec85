/**
 * Long Conv on images: a separable two-dimensional kernel whose factors are parameters, one per axis.
 *
 *   K[i, j] = k1[i] k2[j]                             k1 (C, H, X), k2 (C, H, Y): Long Conv kernels, regularised
 *   z = GLU(W dropout(GELU(K * u + D u)) + b)         `layers/convolution-2d.ts`
 *
 * Fu et al. 2023, arXiv 2302.06646, "Long Conv 2D-ISO". The paper replaces S4ND's kernels; its two-dimensional code
 * was not published, so the separable form of S4ND is our reconstruction of it. The factors' taps multiply: at the
 * published start and threshold the layer begins as little more than its skip term. Not causal in its two-sided form.
 */
import { kernelChannels } from '../layers/convolution.ts';
import {
  type Convolution2dConfig,
  convolution2d,
  convolution2dDefaults,
  convolution2dOptions,
  imageShape,
} from '../layers/convolution-2d.ts';
import type { MixerDefinition } from '../mixer.ts';
import longConv, { type LongConvConfig, longConvTaps } from './long-conv.ts';

export type LongConv2dConfig = Omit<LongConvConfig, 'taps'> & Convolution2dConfig;

const { taps: _, ...oneDimensional } = longConv.defaults as LongConvConfig;
const { taps: __, ...oneDimensionalOptions } = longConv.options;

const longConv2d: MixerDefinition<LongConv2dConfig> = {
  id: 'long-conv-2d',
  title: 'Long Conv 2D',
  paper: longConv.paper,
  kind: 'convolution',
  complexity: { sequence: 'L log L', step: null },
  golden: ['longconv', 'fftconv'],
  systems: [
    {
      id: 'long-conv-2d',
      title: 'Long Conv 2D',
      published: ['Long Conv 2D-ISO (Geom)', 'Long Conv 2D-ISO (Rand)'],
    },
  ],
  causal: ({ bidirectional }) => !bidirectional,
  defaults: { ...oneDimensional, ...convolution2dDefaults },
  options: { ...oneDimensionalOptions, ...convolution2dOptions },
  build(store, size, config, streams) {
    const sides = imageShape(config, size.length);
    const axis = (i: number) =>
      longConvTaps(store.at(`kernel.${i}`), size.width, kernelChannels(config), sides[i], config, streams);
    return convolution2d(store, store, size, config, streams, [axis(0), axis(1)]);
  },
};
export default longConv2d;
