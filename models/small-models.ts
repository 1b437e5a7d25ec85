/** Small classifiers of every mixer, for the tests: one place that says which options are worth a test. */
import type { BlockConfig } from './networks/backbone.ts';
import type { ClassifierConfig } from './networks/classifier.ts';

export interface SmallModel {
  name: string;
  causal: boolean;
  blocks: BlockConfig[];
  changes?: Partial<ClassifierConfig>;
}

const one = (mixer: string, config: object = {}): BlockConfig[] => [{ mixer, config }];

export const smallModels: SmallModel[] = [
  { name: 'attention', causal: false, blocks: [...one('attention', { heads: 2 }), ...one('mlp', { ratio: 2 })] },
  {
    name: 'attention, causal, narrow heads',
    causal: true,
    blocks: one('attention', { heads: 3, causal: true, inner: 9 }),
  },
  { name: 'flash-attention', causal: false, blocks: one('flash-attention', { heads: 2 }) },
  { name: 'flash-attention, causal', causal: true, blocks: one('flash-attention', { heads: 1, causal: true }) },
  { name: 'mlp, tanh GELU', causal: true, blocks: one('mlp', { inner: 5, activation: 'gelu-tanh' }) },
  { name: 's4', causal: true, blocks: one('s4', { states: 4 }) },
  {
    name: 's4, two-sided, shared, two channels',
    causal: false,
    blocks: one('s4', { states: 4, copies: 2, channels: 2, bidirectional: true }),
  },
  { name: 's4d lin', causal: true, blocks: one('s4d', { states: 4 }), changes: { norm: 'batch' } },
  {
    name: 's4d legs, bilinear, linear output',
    causal: true,
    blocks: one('s4d', { states: 6, init: 'legs', discretisation: 'bilinear', output: 'linear' }),
  },
  {
    name: 's4d inv, two-sided',
    causal: false,
    blocks: one('s4d', { states: 4, init: 'inv', bidirectional: true, copies: 1 }),
  },
  {
    name: 's4d real, no output map',
    causal: true,
    blocks: one('s4d', { states: 4, init: 'real', output: 'none', activation: 'none' }),
  },
  { name: 'sgconv', causal: true, blocks: one('sgconv', { kernelDim: 2 }), changes: { prenorm: false } },
  {
    name: 'sgconv, two-sided, learnable decay',
    causal: false,
    blocks: one('sgconv', { kernelDim: 3, mode: 'learnable', decayMin: 0.3, decayMax: 0.9, bidirectional: true }),
  },
  {
    name: 'sgconv, cosine, longer pieces',
    causal: true,
    blocks: one('sgconv', { kernelDim: 4, octaves: 1, init: 'cosine', mode: 'sum', decayMin: 1, decayMax: 3 }),
  },
  { name: 'long-conv', causal: true, blocks: one('long-conv', { lambda: 0.0005, kernelDropout: 0, channels: 2 }) },
  {
    name: 'long-conv, geometric, smooth, two-sided',
    causal: false,
    blocks: one('long-conv', { init: 'geometric', window: 3, lambda: 0.0005, kernelDropout: 0, bidirectional: true }),
  },
];

/** A classifier of two such layers: 6 wide, 13 steps, token input. */
export const smallClassifier = ({ blocks, changes }: SmallModel): ClassifierConfig => ({
  blocks: [...blocks, ...blocks],
  width: 6,
  length: 13,
  input: { kind: 'tokens', vocabulary: 7 },
  classes: 3,
  norm: 'layer',
  prenorm: true,
  dropout: 0,
  tiedDropout: false,
  positions: blocks[0].mixer.endsWith('attention'),
  pool: 'mean',
  head: { kind: 'linear' },
  ...changes,
});
