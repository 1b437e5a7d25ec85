/**
 * LRA Image with a moving average, S4D or S4, alone or inside of Mega, from the ablation of the S4 repository
 * (configs/experiment/mega/lra-image): two sizes of each.
 *
 * Its Mega block (src/models/sequence/mega.py) is Mega followed by a feed-forward part of twice the model's width (silu), each
 * with batch norm before it. Not stated: the norm after the last block, taken as those of the blocks. Its moving average has
 * one step for all decays of a channel, as the published sizes show; `repro` is the form with S4's number of parameters, both
 * directions sharing all but gamma.
 *
 * Left out: S4D-Real, whose imaginary parts are thrown away at every step, and Mega with the `repro` form.
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
function alone(size: AblationSize, file: string, layer: BlockConfig): LraRow {
  return {
    ...{ ...shared, ...course[size], source: `${folder}/${file}`, reconstructed: [] },
    ...{ dropout: 0.1, betas: [0.9, 0.999], clip: null, layer: [layer] },
    ...(size === 'small' ? { layers: 4, width: 128, weightDecay: 0.01 } : { layers: 6, width: 512, weightDecay: 0.05 }),
  };
}

const average = (shared: boolean): BlockConfig => ({
  mixer: 'ema',
  config: { bidirectional: true, decays: 64, tiedStep: true, shared },
});

const stateSpace = (mixer: string, config: object): BlockConfig => ({
  mixer,
  config: {
    ...{ bidirectional: true, states: 64, copies: null, dtMin: 0.001, dtMax: 0.1 },
    ...{ lr: { dt: 0.001, A: 0.001, B: 0.001 }, ...config },
  },
});

/** Mega with chunks of 128 and weights by Laplace's function, and the feed-forward part after it. */
function mega(size: AblationSize, file: string, average: 'ema' | 's4d' | 's4'): LraRow {
  const [layers, width, values, weightDecay] = size === 'small' ? [4, 80, 80, 0.01] : [8, 160, 320, 0.02];
  const layer: BlockConfig[] = [
    { mixer: 'mega', config: { keys: 64, values, average, decays: 16, chunk: 128, weighting: 'laplace' } },
    { mixer: 'mlp', config: { inner: 2 * width, activation: 'silu' } },
  ];
  return {
    ...{ ...shared, ...course[size], source: `${folder}/${file}`, reconstructed: ['norm after the last block'] },
    ...{ layers, width, weightDecay, dropout: 0, betas: [0.9, 0.98], clip: 1, layer },
  };
}

interface AblationRow {
  row: LraRow;
  /** Its published name and number of parameters. */
  name: string;
  parameters: string;
}

const rowsOf = (size: AblationSize, counts: readonly string[]): Record<string, AblationRow> => {
  const rows = {
    ema: { name: 'EMA', row: alone(size, `${size}-ema.yaml`, average(false)) },
    'ema-repro': { name: 'EMA-Repro', row: alone(size, `${size}-ema-with-s4.yaml`, average(true)) },
    s4d: {
      name: 'S4D',
      row: alone(size, `${size}-s4d.yaml`, stateSpace('s4d', { init: 'lin', discretisation: 'zoh' })),
    },
    s4: { name: 'S4', row: alone(size, 'README.md', stateSpace('s4', { init: 'legs' })) },
    'mega-ema': { name: 'Mega-EMA', row: mega(size, `${size}-mega-ema.yaml`, 'ema') },
    'mega-s4d': { name: 'Mega-S4D', row: mega(size, `${size}-mega-s4d.yaml`, 's4d') },
    'mega-s4': { name: 'Mega-S4', row: mega(size, 'README.md', 's4') },
  };
  return Object.fromEntries(
    Object.entries(rows).map(([id, { name, row }], i) => [
      `${id}-${size}`,
      { row, name: `(${size}) ${name}`, parameters: counts[i] },
    ]),
  );
};

/** By system and size: `s4d-small`. */
export const megaAblation: Readonly<Record<string, AblationRow>> = {
  ...rowsOf('small', ['333K', '267K', '267K', '300K', '299K', '279K', '284K']),
  ...rowsOf('large', ['4.35M', '3.96M', '3.96M', '4.15M', '2.73M', '2.65M', '2.67M']),
};
