/** The LRA classifier: encoder, residual blocks, pooling, head. Contract; see the file's own functions. */
import type { Device } from '../../kernels/device/device.ts';
import type { Cost } from '../../kernels/ops/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { ParameterStore } from '../parameters.ts';

export interface ClassifierConfig {
  /** Residual sub-blocks in order, e.g. [{mixer:'attention',...},{mixer:'mlp',...}] per Transformer layer. */
  blocks: { mixer: string; config?: object }[];
  width: number;
  /** Longest sequence. */
  length: number;
  input: { kind: 'tokens'; vocabulary: number; padding?: number } | { kind: 'real'; dims: number };
  classes: number;
  norm: 'layer' | 'batch';
  prenorm: boolean;
  dropout: number;
  tiedDropout: boolean;
  /** Learned position table added to the encoder's output. */
  positions: boolean;
  pool: 'mean' | 'last';
  /** A last norm after the blocks. Default: as `prenorm`. */
  finalNorm?: boolean;
  /** Norms: epsilon (default 1e-5) and the momentum of batch norm's running statistics (default 0.1). */
  epsilon?: number;
  momentum?: number;
  head: { kind: 'linear' } | { kind: 'retrieval'; hidden: number };
}

/** A batch on the device. Retrieval: `x` holds the first documents of all pairs, then the second ones (2B rows). */
export interface Batch {
  /** tokens: i32 (B, L); real: (B, L, dims). */
  x: Tensor;
  /** i32 (B), or null when no sequence is padded. */
  lengths: Tensor | null;
  /** i32 (B), class indices. */
  targets: Tensor;
}

export class Classifier {
  readonly store: ParameterStore;

  constructor(
    device: Device,
    readonly config: ClassifierConfig,
  ) {
    this.store = new ParameterStore(device);
  }

  /** Logits (B, classes). */
  logits(_t: Tape, _batch: Batch): Tensor {
    throw new Error('being built');
  }
  /** Mean cross entropy (1), with the logits. */
  loss(_t: Tape, _batch: Batch): { loss: Tensor; logits: Tensor } {
    throw new Error('being built');
  }
}

/** What a model will need, known before anything is allocated. */
export interface ModelEstimate {
  /** Trained real numbers. */
  parameters: number;
  /** Upper estimates of peak bytes on a float32 device: one training step (with AdamW's moments), one inference. */
  trainingBytes: number;
  inferenceBytes: number;
  /** Analytic arithmetic and traffic of one training step's forward and backward pass. */
  cost: { forward: Cost; backward: Cost };
}

/** Sizes of a model at this batch and length (retrieval: `batch` pairs), from a dry run that allocates nothing. */
export async function estimateClassifier(
  _config: ClassifierConfig,
  _batch: number,
  _length: number,
): Promise<ModelEstimate> {
  throw new Error('being built');
}

/** Number of trained real numbers. */
export async function countParameters(_config: ClassifierConfig): Promise<number> {
  throw new Error('being built');
}

export async function buildClassifier(
  _device: Device,
  _config: ClassifierConfig,
  _streams: Streams,
): Promise<Classifier> {
  throw new Error('being built');
}
