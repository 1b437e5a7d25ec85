/** The dataset contract: what a training run needs to know of its data, and how it gets batches. */

export type SplitName = 'train' | 'validation' | 'test';
export const splitNames: readonly SplitName[] = ['train', 'validation', 'test'];

/**
 * Where the samples come from. `generated-equivalent`: made here by the published recipe, same distribution, other
 * samples. `generated-variant:<what>`: the same recipe with a documented change, so another task. `stand-in:<name>`:
 * other data in the place of what cannot be had. Only the first two can be held against a paper's number.
 */
export type DataKind = 'real' | 'generated-equivalent' | `generated-variant:${string}` | `stand-in:${string}`;

/** What every dataset tells, whatever its batches hold. */
export interface DatasetBase {
  id: string;
  kind: DataKind;
  /** One sentence for tables and records: what it is and how it was made. */
  description: string;
  /** Longest sequence that can occur. */
  length: number;
  sizes: Readonly<Record<SplitName, number>>;
  /** SHA-256 that changes when any sample of any split does, for records. */
  checksum: string;
  /** Worker threads may prepare batches: the module and function that open the same data there (`train/prefetch.ts`). */
  reopen?: { module: string; name: string; settings: unknown };
  close?(): void;
}

/** A batch on the host, padded on the right to its longest sequence. */
export interface HostBatch {
  /** Tokens: Int32Array (rows, L). Real input: Float32Array (rows, L, dims). */
  x: Int32Array | Float32Array;
  /** True lengths (rows), or null when every sequence of the dataset has the same. */
  lengths: Int32Array | null;
  /** Class indices (B). */
  targets: Int32Array;
  /** Examples. */
  B: number;
  /** Sequences: B, or 2B where an example is a pair: the first documents of all pairs, then the second ones. */
  rows: number;
  /** Padded length. */
  L: number;
}

/** Sequences with one class each. */
export interface Dataset extends DatasetBase {
  task: 'classification';
  input: { kind: 'tokens'; vocabulary: number; padding: number } | { kind: 'real'; dims: number };
  classes: number;
  /** An example is two sequences. */
  pairs?: boolean;
  /** Number of samples of each class. */
  labelCounts(split: SplitName): number[];
  /** `epoch` matters only where samples are drawn anew in every epoch (augmentation). */
  batch(split: SplitName, indices: ArrayLike<number>, epoch?: number): HostBatch;
}

/** Sequences with a token to predict at some or all steps: language, synthetic languages. */
export interface TokenDataset extends DatasetBase {
  task: 'tokens';
  /** Ids are below this. */
  vocabulary: number;
  /** Of text: its bytes (UTF-8) for each token of a split. */
  bytesPerToken?(split: SplitName): number;
  batch(split: SplitName, indices: ArrayLike<number>, epoch?: number): TokenHostBatch;
}
export interface TokenHostBatch {
  /** (B, L). */
  x: Int32Array;
  /** (B, L); `IGNORED` where nothing is to be predicted. */
  targets: Int32Array;
  B: number;
  L: number;
}
/** A target that does not count, as in PyTorch's cross entropy. */
export const IGNORED = -100;

/** Multivariate series of which one step is hidden and to be predicted (`models/networks/masked-regression.ts`). */
export interface SeriesDataset extends DatasetBase {
  task: 'series';
  /** Values of a step. */
  regions: number;
  /** Rows of the table of time stamps. */
  stamps: number;
  /** Windows are cut anew in every epoch of training; validation and test always use epoch 0. */
  batch(split: SplitName, indices: ArrayLike<number>, epoch?: number): SeriesHostBatch;
}
export interface SeriesHostBatch {
  /** (B, L, regions), padded with zeros. */
  x: Float32Array;
  /** (B, L): row of the table of time stamps. */
  times: Int32Array;
  /** True lengths (B). */
  lengths: Int32Array;
  /** The step to predict (B), 1 <= hidden < lengths. */
  hidden: Int32Array;
  B: number;
  L: number;
}

/** Functions learnt in context: x_1, f(x_1), ..., x_n -> f(x_n). */
export interface FunctionDataset extends DatasetBase {
  task: 'functions';
  /** Numbers of a step. */
  dims: number;
  batch(split: SplitName, indices: ArrayLike<number>, epoch?: number): FunctionHostBatch;
}
export interface FunctionHostBatch {
  /** (B, L, dims). */
  x: Float32Array;
  /** Value to predict after the last step, (B, dims). */
  y: Float32Array;
  B: number;
  L: number;
}

export type AnyDataset = Dataset | TokenDataset | SeriesDataset | FunctionDataset;

/** A file of a dataset that was to be read is not there; the sentence names it. */
export class MissingFileError extends Error {
  override name = 'MissingFileError';
}

/** Share of the most frequent class, and the entropy of the classes in nats: what a guess gets. */
export function guessLevel(counts: readonly number[]): { accuracy: number; loss: number } {
  const total = counts.reduce((a, b) => a + b, 0);
  const shares = counts.filter((c) => c > 0).map((c) => c / total);
  return { accuracy: Math.max(...shares), loss: -shares.reduce((s, p) => s + p * Math.log(p), 0) };
}

/** Throws one sentence when an index is not in the split. */
export function requireIndices(id: string, split: SplitName, size: number, indices: ArrayLike<number>): void {
  for (let i = 0; i < indices.length; i++)
    if (!(Number.isInteger(indices[i]) && indices[i] >= 0 && indices[i] < size))
      throw new RangeError(`${id}: there is no sample ${indices[i]} in ${split}, which has ${size}`);
}
