/**
 * Attention on LRA as the Nyströmformer's authors ran it (Xiong et al. 2021, arXiv 2102.03902; mlpen/Nystromformer,
 * LRA/code/lra_config.py): two layers of 64 channels, smaller and otherwise tuned than the benchmark's own Transformers
 * (`transformer.ts`), the same for every kind of attention.
 *
 * Not kept: the dropout of attention weights (0.1), the head's hidden layer of 128, and grey values as tokens (here numbers,
 * as in all of our LRA). Not stated in that file: betas (PyTorch's) and the norms.
 */
import type { BlockConfig } from '../../networks/backbone.ts';
import type { LraRow } from '../lra-published.ts';
import type { LraTask } from '../lra-tasks.ts';

const runs = {
  listops: { batch: 32, warmup: 1000, steps: 5000 },
  text: { batch: 32, warmup: 8000, steps: 20_000 },
  retrieval: { batch: 32, warmup: 800, steps: 30_000 },
  image: { batch: 256, warmup: 175, steps: 35_000 },
  pathfinder: { batch: 256, warmup: 312, steps: 62_400 },
} as const satisfies Partial<Record<LraTask, { batch: number; warmup: number; steps: number }>>;

/** Heads of 32 channels. */
const heads = { heads: 2, inner: 64 };

/** Kinds of attention, with the sizes that the file gives them; block sizes and windows are the mixers' own. */
export const attentionForms = {
  attention: heads,
  'flash-attention': heads,
  'block-sparse-attention': heads,
  linformer: { ...heads, rank: 256 },
  'linear-attention': heads,
  performer: { ...heads, features: 256, kernel: 'relu' },
  'local-attention': heads,
  reformer: { ...heads, rounds: 2 },
} satisfies Record<string, BlockConfig['config']>;
export type AttentionForm = keyof typeof attentionForms;

export const attentionLraTasks = Object.keys(runs) as (keyof typeof runs)[];

export function attentionLraRow(form: AttentionForm, task: keyof typeof runs): LraRow {
  const { batch, warmup, steps } = runs[task];
  return {
    task,
    source: 'mlpen/Nystromformer LRA/code/lra_config.py',
    reconstructed: ['norm', 'prenorm', 'betas', 'head', 'input of Image and Pathfinder'],
    ...{ layers: 2, width: 64, norm: 'layer', prenorm: true, dropout: 0.1, tiedDropout: false },
    ...{ pool: 'mean', positions: true, batch, accumulation: 1, lr: 0.0001, weightDecay: 0 },
    ...{ betas: [0.9, 0.999], clip: null, schedule: { kind: 'linear', warmup, steps }, epochs: null, seed: null },
    layer: [
      { mixer: form, config: attentionForms[form] },
      { mixer: 'mlp', config: { inner: 128 } },
    ],
  };
}
