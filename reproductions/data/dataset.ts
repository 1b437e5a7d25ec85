/** The dataset contract: what a training run needs to know of its data, and how it gets batches. */

export type SplitName = 'train' | 'validation' | 'test';
export const splitNames: readonly SplitName[] = ['train', 'validation', 'test'];

/**
 * Where the samples come from. `generated-equivalent`: made here by the published recipe, same distribution, other
 * samples. `generated-variant:<what>`: the same recipe with a documented change, so another task. `stand-in:<name>`:
 * other data in the place of what cannot be had. Only the first two can be held against a paper's number.
 */
export type DataKind = 'real' | 'generated-equivalent' | `generated-variant:${string}` | `stand-in:${string}`;

/** A batch on the host, padded on the right to its longest sequence. */
export interface HostBatch {
  /** Tokens: Int32Array (B, L). Real input: Float32Array (B, L, dims). */
  x: Int32Array | Float32Array;
  /** True lengths (B), or null when every sequence of the dataset has the same. */
  lengths: Int32Array | null;
  /** Class indices (B). */
  targets: Int32Array;
  /** Rows. */
  B: number;
  /** Padded length. */
  L: number;
}

export interface Dataset {
  id: string;
  kind: DataKind;
  /** One sentence for tables and records: what it is and how it was made. */
  description: string;
  input: { kind: 'tokens'; vocabulary: number; padding: number } | { kind: 'real'; dims: number };
  classes: number;
  /** Longest sequence that can occur. */
  length: number;
  sizes: Readonly<Record<SplitName, number>>;
  /** Number of samples of each class. */
  labelCounts(split: SplitName): number[];
  batch(split: SplitName, indices: ArrayLike<number>): HostBatch;
  /** SHA-256 over all samples in order, for records. */
  checksum: string;
}

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
