/**
 * LRA Image with a moving average, S4D or S4, alone or inside of Mega, from the ablation of the S4 repository
 * (configs/experiment/mega/lra-image): two sizes of each.
 *
 * Mega's block of that repository is Mega followed by its feed-forward part of twice the model's width (silu), each with
 * batch norm before it; its file for the model around the blocks is not public. What is not stated: the norm after the last
 * block, taken as those of the blocks.
 */
import type { BlockConfig } from '../../networks/backbone.ts';
import type { LraRow } from '../lra-published.ts';

export const ablationSizes = ['small', 'large'] as const;
export type AblationSize = (typeof ablationSizes)[number];

const folder = 'state-spaces/s4 configs/experiment/mega/lra-image';

const shared = {
  task: 'image',
  ...{ norm: 'batch', prenorm: true, tiedDropout: false, pool: 'mean', positions: false },
  ...{ batch: 50, accumulation: 1, lr: 0.01, seed: 2222 },
} as const satisfies Partial<LraRow>;

/** Half of the epochs, and of the warm-up, for the small ones. */
const course = {
  small: { schedule: { kind: 'cosine', warmup: 4500, steps: 90_000 }, epochs: 100 },
  large: { schedule: { kind: 'cosine', warmup: 9000, steps: 180_000 }, epochs: 200 },
} as const;

/** A convolution alone: blocks of S4 with another kernel. */
function alone(size: AblationSize, source: string, mixer: string, config: object): LraRow {
  const kernel = { bidirectional: true, states: 64, copies: null, dtMin: 0.001, dtMax: 0.1 };
  return {
    ...{ ...shared, ...course[size], source, reconstructed: [], dropout: 0.1, betas: [0.9, 0.999], clip: null },
    ...(size === 'small' ? { layers: 4, width: 128, weightDecay: 0.01 } : { layers: 6, width: 512, weightDecay: 0.05 }),
    layer: [{ mixer, config: { ...kernel, lr: { dt: 0.001, A: 0.001, B: 0.001 }, ...config } }],
  };
}

/** Mega with chunks of 128 and weights by Laplace's function, and the feed-forward part after it. */
function mega(size: AblationSize, source: string): LraRow {
  const [layers, width, values, weightDecay] = size === 'small' ? [4, 80, 80, 0.01] : [8, 160, 320, 0.02];
  const layer: BlockConfig[] = [
    { mixer: 'mega', config: { keys: 64, values, decays: 16, chunk: 128, weighting: 'laplace' } },
    { mixer: 'mlp', config: { inner: 2 * width, activation: 'silu' } },
  ];
  return {
    ...{ ...shared, ...course[size], source, reconstructed: ['norm after the last block'] },
    ...{ layers, width, weightDecay, dropout: 0, betas: [0.9, 0.98], clip: 1, layer },
  };
}

/** The rows by size and system. */
export const megaAblation = {
  'mega-ema': (size: AblationSize) => mega(size, `${folder}/${size}-mega-ema.yaml`),
  s4d: (size: AblationSize) => alone(size, `${folder}/${size}-s4d.yaml`, 's4d', { init: 'lin', discretisation: 'zoh' }),
  s4: (size: AblationSize) => alone(size, `${folder}/README.md, from ${size}-s4d.yaml`, 's4', { init: 'legs' }),
} satisfies Record<string, (size: AblationSize) => LraRow>;
export type AblationSystem = keyof typeof megaAblation;
