/** Classified token sequences, single or in pairs: what ListOps, the texts and the pairs of documents have in common. */
import { type DataKind, type Dataset, type HostBatch, requireIndices, type SplitName } from '../dataset.ts';
import { padRows, type TokenRows, type Tokens } from './rows.ts';

export interface LabelledRowsParts {
  id: string;
  kind: DataKind;
  description: string;
  /** Of the longest row, with the symbol that ends it. */
  length: number;
  classes: number;
  /** Number of ids. */
  vocabulary: number;
  /** Ids of the symbols that fill up and end a row. */
  padding: number;
  end: number;
  sizes: Record<SplitName, number>;
  /** First example of each split among all. */
  first: Record<SplitName, number>;
  /** Row i of example i; of pairs, rows 2i and 2i + 1. */
  rows: TokenRows;
  /** Classes of all examples. */
  labels: ArrayLike<number>;
  checksum: string;
  pairs?: boolean;
  reopen?: Dataset['reopen'];
}

export class LabelledRows implements Dataset {
  readonly task = 'classification';
  readonly id: string;
  readonly kind: DataKind;
  readonly description: string;
  readonly length: number;
  readonly classes: number;
  readonly input: { kind: 'tokens'; vocabulary: number; padding: number };
  readonly sizes: Readonly<Record<SplitName, number>>;
  readonly checksum: string;
  readonly pairs?: boolean;
  readonly reopen?: NonNullable<Dataset['reopen']>;
  readonly #parts: LabelledRowsParts;

  constructor(parts: LabelledRowsParts) {
    this.id = parts.id;
    this.kind = parts.kind;
    this.description = parts.description;
    this.length = parts.length;
    this.classes = parts.classes;
    this.input = { kind: 'tokens', vocabulary: parts.vocabulary, padding: parts.padding };
    this.sizes = parts.sizes;
    this.checksum = parts.checksum;
    if (parts.pairs) this.pairs = true;
    if (parts.reopen) this.reopen = parts.reopen;
    this.#parts = parts;
  }

  /** Ids of an example without the symbol that ends it; `side` chooses among those of a pair. */
  tokens(split: SplitName, index: number, side: 0 | 1 = 0): Tokens {
    const { first, rows } = this.#parts;
    const example = first[split] + index;
    return rows.row(this.pairs ? 2 * example + side : example);
  }

  label(split: SplitName, index: number): number {
    return this.#parts.labels[this.#parts.first[split] + index];
  }

  labelCounts(split: SplitName): number[] {
    const counts = new Array(this.classes).fill(0);
    for (let i = 0; i < this.sizes[split]; i++) counts[this.label(split, i)]++;
    return counts;
  }

  /** Of pairs: the first sequences of all pairs, then the second ones, all padded to the same length. */
  batch(split: SplitName, indices: ArrayLike<number>): HostBatch {
    requireIndices(this.id, split, this.sizes[split], indices);
    const rows = Array.from(indices, (index) => this.tokens(split, index));
    if (this.pairs) for (let i = 0; i < indices.length; i++) rows.push(this.tokens(split, indices[i], 1));
    const targets = Int32Array.from(indices, (index) => this.label(split, index));
    return { ...padRows(rows, this.#parts), targets, B: indices.length, rows: rows.length };
  }

  close(): void {
    this.#parts.rows.close?.();
  }
}
