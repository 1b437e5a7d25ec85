/** What the tests ask of every mixer, beside what they ask of all: one file per mixer in `cases/` (`all-cases.ts`). */
import type { BlockConfig } from './networks/backbone.ts';
import type { ClassifierConfig } from './networks/classifier.ts';

/** A small classifier (`smallClassifier`) whose gradients, causality and padding are tested. */
export interface SmallModel {
  name: string;
  /** What the definition must say of it, and the test finds. */
  causal: boolean;
  blocks: BlockConfig[];
  changes?: Partial<ClassifierConfig>;
  /** Not causal, and yet no gradient flows from the past to the future: what leaks, in a few words. */
  leak?: string;
  /** It refuses padded batches (images). */
  unpadded?: true;
  /** Why its gradient is by definition not the derivative; the test of gradients leaves it out. */
  notDerivative?: string;
}

/** A parameter's distribution: mean, standard deviation, and bounds where it has them. */
export type Law = [name: string, mean: number, deviation: number, low?: number, high?: number];

export interface MixerCases {
  /** The options that are worth a test. */
  small: SmallModel[];
  /** Trained numbers of one mixer of width 32 for 64 steps, as the paper counts them. */
  parameters: [config: object, count: number][];
  /** Distributions of the initial values of one mixer of width 256 for 256 steps. */
  laws: [config: object, laws: Law[]][];
}

export const uniform = (name: string, low: number, high: number): Law => [
  name,
  (low + high) / 2,
  (high - low) / Math.sqrt(12),
  low,
  high,
];

/** A network of one block. */
export const one = (mixer: string, config: object = {}): BlockConfig[] => [{ mixer, config }];

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
