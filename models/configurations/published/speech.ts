/**
 * Speech Commands, raw at 16 kHz (Gu et al. 2022, arXiv 2111.00396; Li et al. 2022, arXiv 2210.09298, table 3): S4's
 * configuration file, which serves 35 words and 10. SGConv published none: its layer stands in S4's place, with the
 * pieces, decay and rate of its Pathfinder configuration.
 */
import type { ClassifierRow } from '../lra-published.ts';
import { transformer as lraTransformer } from './transformer.ts';

const s4: ClassifierRow = {
  source: 'state-spaces/s4 configs/experiment/sc/s4-sc.yaml',
  reconstructed: [],
  ...{ layers: 6, width: 128, norm: 'batch', prenorm: true, dropout: 0, tiedDropout: true },
  ...{ pool: 'mean', positions: false, batch: 16, accumulation: 1, lr: 0.01, weightDecay: 0.05 },
  ...{ betas: [0.9, 0.999], clip: null, epochs: 40, seed: 2222 },
  schedule: { kind: 'cosine', warmup: 1000, steps: 200000 },
  layer: [
    {
      mixer: 's4',
      config: {
        ...{ bidirectional: true, states: 64, copies: 2, dtMin: 0.001, dtMax: 0.1 },
        lr: { dt: null, A: 0.001, B: 0.001 },
      },
    },
  ],
};

const transformer = lraTransformer.find(({ task }) => task === 'image') as ClassifierRow;

export const speechCommands = {
  sgconv: {
    ...s4,
    source: 'none: S4 of state-spaces/s4 configs/experiment/sc/s4-sc.yaml with the layer of gconv-lra-pathfinder.yaml',
    reconstructed: ['everything'],
    layer: [{ mixer: 'sgconv', config: { bidirectional: true, kernelDim: 32, decayMin: 2, decayMax: 2, lr: 0.001 } }],
  },
  s4,
  s4d: {
    ...s4,
    reconstructed: ['layer.init', 'layer.discretisation'],
    layer: [{ mixer: 's4d', config: { ...s4.layer[0].config, init: 'legs', discretisation: 'zoh' } }],
  },
  /** MFCC alone: 161 steps. */
  transformer: { ...transformer, reconstructed: ['everything'], source: 'none: the Transformer of LRA Image' },
} as const satisfies Record<string, ClassifierRow>;
