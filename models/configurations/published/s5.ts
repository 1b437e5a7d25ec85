/**
 * S5 on LRA (Smith, Warrington and Linderman 2022, arXiv 2208.04933), from the run scripts of its repository. The state
 * space learns at its own rate, the rest at `lr`; which of B and C decay is the option `decay`.
 *
 * The scripts state epochs: steps here are epochs times the training examples over the batch, both rounded down. Their
 * cosine runs from the first step and ends one warmup early. The norms learn at the state space's rate there and at
 * `lr` here; the retrieval head has a GELU there and a ReLU here; padded steps are not masked before the layers there.
 */
import type { S5Config } from '../../mixers/s5.ts';
import type { LraRow } from '../lra-published.ts';

/** What all its scripts have alike, or our choice where they are silent. */
const shared = {
  reconstructed: ['schedule'],
  norm: 'batch',
  prenorm: true,
  finalNorm: false,
  tiedDropout: true,
  pool: 'mean',
  positions: false,
  accumulation: 1,
  betas: [0.9, 0.999],
  clip: null,
} satisfies Partial<LraRow>;

const source = (script: string): string => `lindermanlab/S5 bin/run_experiments/${script}`;
const schedule = (warmup: number, steps: number): LraRow['schedule'] => ({ kind: 'cosine', warmup, steps });
const layer = (config: Partial<S5Config>): LraRow['layer'] => [
  { mixer: 's5', config: { bidirectional: true, lr: 0.001, dtMin: 0.001, dtMax: 0.1, ...config } },
];

export const s5: readonly LraRow[] = [
  {
    ...shared,
    task: 'listops',
    source: source('run_lra_listops.sh'),
    layers: 8,
    width: 128,
    momentum: 0.05,
    dropout: 0,
    batch: 50,
    lr: 0.003,
    weightDecay: 0.04,
    epochs: 40,
    seed: 6554595,
    schedule: schedule(1920, 76800),
    layer: layer({ states: 16, blocks: 8, start: 'lecun_normal', activation: 'half_glu2', decay: 'BfastandCdecay' }),
  },
  {
    ...shared,
    task: 'text',
    source: source('run_lra_imdb.sh'),
    layers: 6,
    width: 256,
    momentum: 0.05,
    dropout: 0.1,
    batch: 50,
    lr: 0.004,
    weightDecay: 0.07,
    epochs: 35,
    seed: 8825365,
    schedule: schedule(0, 17500),
    layer: layer({
      states: 192,
      blocks: 12,
      start: 'lecun_normal',
      activation: 'half_glu2',
      decay: 'standard',
      dtGlobal: true,
    }),
  },
  {
    ...shared,
    task: 'retrieval',
    source: source('run_lra_aan.sh'),
    layers: 6,
    width: 128,
    momentum: 0.05,
    dropout: 0,
    batch: 32,
    lr: 0.002,
    weightDecay: 0.05,
    epochs: 20,
    seed: 5464368,
    schedule: schedule(4596, 91920),
    layer: layer({
      states: 256,
      blocks: 16,
      start: 'trunc_standard_normal',
      activation: 'half_glu1',
      decay: 'standard',
      dtGlobal: true,
    }),
  },
  {
    ...shared,
    task: 'image',
    source: source('run_lra_cifar.sh'),
    layers: 6,
    width: 512,
    momentum: 0.05,
    dropout: 0.1,
    batch: 50,
    lr: 0.0045,
    weightDecay: 0.07,
    epochs: 250,
    seed: 16416,
    schedule: schedule(900, 225000),
    layer: layer({
      states: 384,
      blocks: 3,
      start: 'lecun_normal',
      activation: 'half_glu1',
      clip: true,
      decay: 'BfastandCdecay',
    }),
  },
  {
    ...shared,
    task: 'pathfinder',
    source: source('run_lra_pathfinder.sh'),
    layers: 6,
    width: 192,
    momentum: 0.1,
    dropout: 0.05,
    batch: 64,
    lr: 0.0045,
    weightDecay: 0.03,
    epochs: 200,
    seed: 8180844,
    schedule: schedule(2500, 500000),
    layer: layer({
      states: 256,
      blocks: 8,
      start: 'trunc_standard_normal',
      activation: 'half_glu1',
      decay: 'standard',
      lr: 0.0009,
    }),
  },
  {
    ...shared,
    task: 'pathx',
    source: source('run_lra_pathx.sh'),
    layers: 6,
    width: 128,
    momentum: 0.1,
    dropout: 0,
    batch: 32,
    lr: 0.0018,
    weightDecay: 0.06,
    epochs: 75,
    seed: 6429262,
    schedule: schedule(5000, 375000),
    layer: layer({
      states: 256,
      blocks: 16,
      start: 'complex_normal',
      activation: 'half_glu1',
      decay: 'BandCdecay',
      lr: 0.0006,
      dtMin: 0.0001,
    }),
  },
];
