/**
 * H3 whose two state spaces are long convolutions with learned, regularised taps.
 *
 *   y = W_o (q (K * (k' v)) + ...), k' = K_k * k     `layers/h3.ts`; K_k one kernel per channel, K one per head
 *   K = dropout(squash(smooth(taps)))                `mixers/long-conv.ts`
 *
 * Fu et al. 2023, arXiv 2302.06646, section 4.2 ("we replace the SSM layers in H3 with long convolutions"). Both the
 * shift and the diagonal state space are replaced, each by kernels as long as the sequence. The public code asks for a
 * kernel per channel also where a head has one, so it runs with head dimension 1 only; for a head of d channels we
 * keep H3's own form.
 *
 * Causal: tap j of both kernels is lag j, and all products are of the same step.
 */

import { H3Layer, type H3Layout, h3Options } from '../layers/h3.ts';
import type { MixerDefinition } from '../mixer.ts';
import longConv, { type LongConvConfig, longConvTaps, tapsOptions } from './long-conv.ts';

type Taps = Pick<LongConvConfig, 'init' | 'taps' | 'lambda' | 'window' | 'kernelDropout' | 'lr'>;
export interface H3LongConvConfig extends H3Layout, Taps {}

const h3LongConv: MixerDefinition<H3LongConvConfig> = {
  id: 'h3-long-conv',
  title: 'H3 + Long Conv',
  paper: longConv.paper,
  kind: 'convolution',
  complexity: { sequence: 'd L log L', step: null },
  golden: ['longconv', 'fftconv'],
  systems: [
    {
      id: 'h3-long-conv',
      title: 'H3 + Long Conv, Rand',
      published: ['H3 + Long Conv', 'H3 + Long Conv, Rand', 'H3 hybrid + Long Conv, Rand'],
    },
    {
      id: 'h3-long-conv-geometric',
      title: 'H3 + Long Conv, Geom',
      config: { init: 'geometric' },
      published: ['H3 + Long Conv, Geom', 'H3 hybrid + Long Conv, Geom'],
    },
  ],
  causal: () => true,
  defaults: {
    headDim: 1,
    layout: 'module',
    init: 'random',
    taps: null,
    lambda: 0.003,
    window: 1,
    kernelDropout: 0.2,
    lr: null,
  },
  options: { ...h3Options, ...tapsOptions },
  build(store, { width, length }, config, streams) {
    const layer = new H3Layer(store, width, config, streams, 'k_D');
    const taps = config.taps ?? length;
    const keys = longConvTaps(store.at('k_kernel'), width, 1, taps, config, streams);
    const heads = longConvTaps(store.at('kernel'), layer.heads, 1, taps, config, streams);
    return {
      forward: (t, x, context) => layer.forward(t, x, context, (L) => ({ keys: keys(t, L), heads: heads(t, L) })),
      kernel: heads,
    };
  },
};
export default h3LongConv;
