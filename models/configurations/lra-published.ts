/**
 * The published LRA configurations, as flat data (`published/<model>.ts`), and the network that one describes.
 *
 * A row holds what its source states. Where the source is silent, the row has our choice and names the field in
 * `reconstructed`; a result from such a row is not the paper's configuration to the letter.
 */
import type { BlockConfig } from '../networks/backbone.ts';
import type { ClassifierConfig } from '../networks/classifier.ts';
import { type LraTask, type LraTaskShape, lraTaskShapes } from './lra-tasks.ts';
import { liquidS4 } from './published/liquid-s4.ts';
import { longConv } from './published/long-conv.ts';
import { s4v3 } from './published/s4-v3.ts';
import { s4v4 } from './published/s4-v4.ts';
import { s4d } from './published/s4d.ts';
import { s5 } from './published/s5.ts';
import { sgconv } from './published/sgconv.ts';
import { transformer } from './published/transformer.ts';

export type LraSchedule =
  /** Linear warmup, then half a cosine down to 0 at `steps`. */
  | { kind: 'cosine'; warmup: number; steps: number }
  /** Linear warmup, then a straight line down to 0 at `steps`. */
  | { kind: 'linear'; warmup: number; steps: number }
  /** Linear warmup, then proportional to 1/sqrt(step), until `steps`. */
  | { kind: 'inverse-sqrt'; warmup: number; steps: number }
  | { kind: 'constant'; warmup: number; steps: number };

/** A published configuration of a classifier, whatever its task. */
export interface ClassifierRow {
  /** Repository and file, or paper and table. */
  source: string;
  /** Fields of this row that the source does not state. */
  reconstructed: readonly string[];
  layers: number;
  width: number;
  norm: 'layer' | 'batch';
  /** Of batch norm's running statistics. Default 0.1. */
  momentum?: number;
  prenorm: boolean;
  /** A last norm after the layers. Default: as `prenorm`. */
  finalNorm?: boolean;
  dropout: number;
  tiedDropout: boolean;
  pool: 'mean' | 'last';
  positions: boolean;
  /** Examples per optimiser step, over all devices and accumulated micro-batches. */
  batch: number;
  /** Micro-batches per optimiser step in the published run. */
  accumulation: number;
  lr: number;
  weightDecay: number;
  betas: readonly [number, number];
  /** Clipping of the global gradient norm; null: none. */
  clip: number | null;
  schedule: LraSchedule;
  epochs: number | null;
  seed: number | null;
  /** The sub-blocks of one layer. */
  layer: readonly BlockConfig[];
  notes?: string;
}

export interface LraRow extends ClassifierRow {
  task: LraTask;
}

export const lraPublished = {
  'long-conv': longConv,
  sgconv,
  s4: s4v3,
  's4-v4': s4v4,
  s4d,
  s5,
  'liquid-s4': liquidS4,
  transformer,
} satisfies Record<string, readonly LraRow[]>;
export type LraModel = keyof typeof lraPublished;

/** The published row of a model on a task; throws when there is none. */
export function lraRow(model: LraModel, task: LraTask): LraRow {
  const row = (lraPublished[model] as readonly LraRow[]).find((r) => r.task === task);
  if (!row) throw new Error(`there is no published LRA configuration of ${model} on ${task}`);
  return row;
}

/** The classifier of a row on a task of this shape. */
export function classifierNetwork(
  row: ClassifierRow,
  { length, input, classes, pairs }: Omit<LraTaskShape, 'title'>,
): ClassifierConfig {
  const { width, norm, momentum, prenorm, finalNorm, dropout, tiedDropout, pool, positions } = row;
  return {
    blocks: Array.from({ length: row.layers }, () => row.layer).flat(),
    ...{ width, length, input, classes, norm, momentum, prenorm, finalNorm, dropout, tiedDropout, pool, positions },
    head: pairs ? { kind: 'retrieval', hidden: width } : { kind: 'linear' },
  };
}

/** The classifier of a row; `length` overrides the task's longest sequence. */
export const lraNetwork = (row: LraRow, length = lraTaskShapes[row.task].length): ClassifierConfig =>
  classifierNetwork(row, { ...lraTaskShapes[row.task], length });
