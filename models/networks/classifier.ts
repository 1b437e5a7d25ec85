/** The LRA classifier: encoder, residual blocks, pooling, head. Contract; see the file's own functions. */
import type { Device } from '../../kernels/device/device.ts';
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
  /** Upper estimate of the bytes that one training step needs at this batch and length. */
  static estimateBytes(_config: ClassifierConfig, _batch: number, _length: number): number {
    throw new Error('being built');
  }
}

export async function buildClassifier(
  _device: Device,
  _config: ClassifierConfig,
  _streams: Streams,
): Promise<Classifier> {
  throw new Error('being built');
}
