/**
 * The mixer contract: one file per sequence mixer in `mixers/`, found by discovery, default-exporting a
 * `MixerDefinition`. A mixer maps (B, L, H) to (B, L, H) including its output projection; norm, residual and
 * dropout around it belong to the block (`networks/block.ts`).
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Streams } from '../kernels/tensor/random.ts';
import type { Tape } from '../kernels/tensor/tape.ts';
import type { Tensor } from '../kernels/tensor/tensor.ts';
import type { StoreView } from './parameters.ts';

export interface MixerContext {
  /** True length of each sequence of a padded batch: i32 (B). Absent: none is padded. */
  lengths?: Tensor | null;
}

export interface Mixer {
  forward(t: Tape, x: Tensor, context: MixerContext): Tensor;
}

export interface MixerSize {
  /** Model width H. */
  width: number;
  /** Longest sequence L. */
  length: number;
  layers: number;
  /** Dropout inside the mixer (after its activation), as the block's. */
  dropout: number;
  tiedDropout: boolean;
}

export interface MixerDefinition<C extends object = Record<string, unknown>> {
  id: string;
  /** As tables print it: "S4D", "Long Conv". */
  title: string;
  paper: { title: string; arxiv: string; year: number };
  kind: 'attention' | 'state space' | 'convolution' | 'feed-forward' | 'recurrence';
  /** Whether output t depends on inputs up to t only, in this configuration. */
  causal(config: C): boolean;
  defaults: C;
  /** Registers its parameters (initialised from the `init` stream) and returns the mixer. */
  build(store: StoreView, size: MixerSize, config: C, streams: Streams): Mixer;
}

const folder = join(dirname(fileURLToPath(import.meta.url)), 'mixers');

export function mixerIds(): string[] {
  return readdirSync(folder)
    .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))
    .map((f) => f.slice(0, -3))
    .sort();
}

export async function loadMixer(id: string): Promise<MixerDefinition> {
  const path = join(folder, `${id}.ts`);
  if (!existsSync(path)) throw new Error(`there is no mixer "${id}": choose one of ${mixerIds().join(', ')}`);
  return (await import(pathToFileURL(path).href)).default as MixerDefinition;
}
