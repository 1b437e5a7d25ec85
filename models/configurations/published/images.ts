/**
 * CIFAR-10 as a sequence of 1,024 pixels in colour (sCIFAR), and as an image of 32 x 32.
 *
 * sCIFAR: Long Conv's and S4's own configuration files. Two-dimensional: no file of the small isotropic models was
 * published; 4 layers of 128 channels (Poli et al. 2023, arXiv 2302.10866, appendix A.4) of S4ND's layer have the
 * published 268k parameters, and the rest is S4ND's configuration of the larger model.
 */
import type { ClassifierRow } from '../lra-published.ts';
import { transformer } from './transformer.ts';

type Shared = Omit<ClassifierRow, 'source' | 'reconstructed' | 'epochs' | 'schedule' | 'layer'>;

const sequence: Shared = {
  ...{ layers: 6, width: 512, norm: 'layer', prenorm: false, dropout: 0.1, tiedDropout: true },
  ...{ pool: 'mean', positions: false, batch: 50, accumulation: 1 },
  ...{ lr: 0.01, weightDecay: 0.05, betas: [0.9, 0.999], clip: null, seed: 2222 },
};

const longConvSequence: ClassifierRow = {
  ...sequence,
  source: 'HazyResearch/safari configs/experiment/cifar/long-conv-cifar.yaml',
  reconstructed: [],
  epochs: 300,
  schedule: { kind: 'cosine', warmup: 1000, steps: 300000 },
  layer: [
    {
      mixer: 'long-conv',
      config: { channels: 2, bidirectional: false, init: 'random', lambda: 0.001, kernelDropout: 0.2, lr: 0.001 },
    },
  ],
};

/** Options of the layer over those of another row. */
const withLayer = (row: ClassifierRow, reconstructed: string[], mixer: string, config: object): ClassifierRow => ({
  ...row,
  reconstructed: [...row.reconstructed, ...reconstructed],
  layer: row.layer.map((block) => ({ mixer, config: { ...block.config, ...config } })),
});

/** The arguments' defaults in safari's long_conv.py and block_fft.py: no configuration file has them. */
const learned = (largest: number) =>
  withLayer(longConvSequence, ['layer.blockLr', 'layer.perHead', 'layer.additive'], 'butterfly', { largest });

const lraTransformer = transformer.find(({ task }) => task === 'image') as ClassifierRow;

export const sequentialCifar = {
  'long-conv': longConvSequence,
  'long-conv-geometric': withLayer(longConvSequence, ['layer.lambda', 'layer.lr'], 'long-conv', { init: 'geometric' }),
  s4: {
    ...sequence,
    source: 'state-spaces/s4 configs/experiment/cifar/s4-cifar.yaml',
    reconstructed: [],
    epochs: 200,
    schedule: { kind: 'cosine', warmup: 900, steps: 180000 },
    layer: [
      {
        mixer: 's4',
        config: {
          ...{ bidirectional: true, states: 64, copies: 2, dtMin: 0.001, dtMax: 0.1 },
          lr: { dt: null, A: 0.001, B: 0.001 },
        },
      },
    ],
  },
  transformer: {
    ...lraTransformer,
    reconstructed: ['everything: LRA Image stands in for a model whose configuration was not published'],
  },
  'butterfly-16': learned(16),
  'butterfly-32': learned(32),
  'butterfly-256': learned(256),
} as const satisfies Record<string, ClassifierRow>;

const image: Omit<ClassifierRow, 'source' | 'reconstructed' | 'layer'> = {
  ...sequence,
  ...{ layers: 4, width: 128, prenorm: true, weightDecay: 0.03, epochs: 100 },
  schedule: { kind: 'cosine', warmup: 900, steps: 90000 },
};

const longConvImage: ClassifierRow = {
  ...image,
  source: 'arXiv 2302.10866 appendix A.4; state-spaces/s4 configs/experiment/s4nd/cifar/s4-cifar-2d.yaml',
  reconstructed: ['layers', 'width', 'weightDecay', 'layer'],
  layer: [
    {
      mixer: 'long-conv-2d',
      config: { bidirectional: true, init: 'random', lambda: 0.001, kernelDropout: 0.2, lr: 0.001 },
    },
  ],
};

export const imageCifar = {
  'long-conv-2d': longConvImage,
  'long-conv-2d-geometric': withLayer(longConvImage, [], 'long-conv-2d', { init: 'geometric' }),
  s4nd: {
    ...image,
    source: 'state-spaces/s4 configs/experiment/s4nd/cifar/s4-cifar-2d.yaml; arXiv 2302.10866 appendix A.4',
    reconstructed: ['layers', 'width', 'weightDecay'],
    layer: [
      {
        mixer: 's4nd',
        config: { bidirectional: true, states: 64, lr: { dt: null, A: 0.001, B: 0.001 } },
      },
    ],
  },
} as const satisfies Record<string, ClassifierRow>;
