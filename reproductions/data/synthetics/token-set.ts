/**
 * A synthetic language as data for training. Nothing is stored: sample i of a split is a pure function of (seed,
 * language, split, i, attempt), drawn when a batch asks for it, so that 4,000 examples of 131,072 tokens need no memory
 * and no worker can change anything.
 *
 * An example of n tokens gives the input tokens 0..n-2 and the targets 1..n-1. In validation and test only the answer
 * counts, everything else is -100 (safari, `src/dataloaders/synthetics.py`). There the test split is the validation
 * split too; here validation is a split of its own, of the training length, so that nothing is selected on test.
 */
import { createHash } from 'node:crypto';
import {
  IGNORED,
  requireIndices,
  type SplitName,
  splitNames,
  type TokenDataset,
  type TokenHostBatch,
} from '../dataset.ts';
import { Draws } from '../draws.ts';
import { type Attempts, Distinct, mayRepeat } from './distinct.ts';
import { type Language, requireInteger } from './language.ts';

/** How many examples of which length, and which of the many possible ones. */
export interface SyntheticSize {
  /** Default 0. */
  seed?: number;
  sizes?: Partial<Record<SplitName, number>>;
  /** As the paper counts it (safari: `input_seq_len`). */
  length?: number;
  /** Of the test split, to see whether a model goes on beyond what it was trained on. Default: `length`. */
  testLength?: number;
}

const RECIPE = 1;
const MOST_EXAMPLES = 2 ** 24;
/** Tokens that are looked at when a set is opened, for its checksum. */
const CHECKSUM_TOKENS = 2 ** 20;

export class SyntheticTokens<L extends Language = Language> implements TokenDataset {
  readonly task = 'tokens';
  readonly id: string;
  readonly kind;
  readonly description: string;
  readonly length: number;
  readonly vocabulary: number;
  readonly sizes: Readonly<Record<SplitName, number>>;
  readonly seed: number;
  readonly checksum: string;
  /** As the paper counts it, by split. */
  readonly lengths: Readonly<Record<SplitName, number>>;
  readonly #draws: Record<SplitName, Draws>;
  readonly #attempts: Record<SplitName, Attempts>;
  readonly #buffers: Record<SplitName, Uint8Array>;

  constructor(
    readonly language: L,
    {
      seed,
      sizes,
      length,
      testLength,
    }: Required<Omit<SyntheticSize, 'testLength'>> & { testLength?: number | undefined },
    defaults: Readonly<Record<SplitName, number>>,
    readonly reopen: { module: string; name: string; settings: unknown },
  ) {
    const { id } = language;
    this.id = id;
    this.kind = language.kind;
    this.vocabulary = language.vocabulary.size;
    this.seed = seed;
    this.sizes = { ...defaults, ...sizes };
    this.lengths = { train: length, validation: length, test: testLength ?? length };
    for (const split of splitNames)
      requireInteger(`${id}: the examples of the ${split} split`, this.sizes[split], 1, MOST_EXAMPLES);
    const tokens = (split: SplitName) => language.tokens(this.lengths[split]);
    this.length = Math.max(...splitNames.map(tokens)) - 1;
    this.#draws = bySplit((split) => new Draws(seed, `data/${id}/${split}`));
    this.#buffers = bySplit((split) => new Uint8Array(tokens(split)));
    this.#attempts = this.#distinct();
    const { train, validation, test } = this.sizes;
    this.description =
      `${id} made here (${language.about}, ${language.measure} ${length}${this.lengths.test === length ? '' : ` in training and ${this.lengths.test} in test`}, ` +
      `seed ${seed}, ${train} / ${validation} / ${test} examples)`;
    this.checksum = this.#checksum();
  }

  /** Tokens of an example, prompt and answer; they stay as they are until the next call. */
  example(split: SplitName, index: number): Uint8Array {
    return this.#draw(split, index, this.#attempts[split].get(index) ?? 0);
  }

  /** Samples that were drawn again because they equalled an earlier one. */
  redrawn(split: SplitName): number {
    return this.#attempts[split].size;
  }

  batch(split: SplitName, indices: ArrayLike<number>): TokenHostBatch {
    requireIndices(this.id, split, this.sizes[split], indices);
    const B = indices.length;
    const L = this.#buffers[split].length - 1;
    const x = new Int32Array(B * L);
    const targets = new Int32Array(B * L);
    const { answer, learns } = this.language;
    const first = split === 'train' && learns === 'every token' ? 0 : L - answer;
    for (let b = 0; b < B; b++) {
      const tokens = this.example(split, indices[b]);
      x.set(tokens.subarray(0, L), b * L);
      targets.fill(IGNORED, b * L, b * L + first);
      targets.set(tokens.subarray(first + 1), b * L + first);
    }
    return { x, targets, B, L };
  }

  #draw(split: SplitName, index: number, attempt: number): Uint8Array {
    const out = this.#buffers[split];
    this.language.draw(this.#draws[split].start(index, attempt), this.lengths[split], out);
    return out;
  }

  #distinct(): Record<SplitName, Attempts> {
    const everywhere = this.language.distinct === 'everywhere' ? new Distinct() : null;
    const total = splitNames.reduce((n, split) => n + this.sizes[split], 0);
    return bySplit((split) => {
      const count = everywhere ? total : this.sizes[split];
      if (!mayRepeat(count, this.language.bits(this.lengths[split]))) return new Map();
      return (everywhere ?? new Distinct()).attempts(`${this.id}, ${split}`, this.sizes[split], (sample, attempt) =>
        this.#draw(split, sample, attempt),
      );
    });
  }

  /** Of the recipe, of which samples were drawn again, and of as many samples of each split as take no time. */
  #checksum(): string {
    const { id, settings } = this.language;
    const recipe = { id, recipe: RECIPE, settings, seed: this.seed, sizes: this.sizes, lengths: this.lengths };
    const hash = createHash('sha256').update(JSON.stringify(recipe));
    for (const split of splitNames) {
      hash.update(JSON.stringify([...this.#attempts[split]]));
      const fit = Math.max(2, Math.floor(CHECKSUM_TOKENS / this.#buffers[split].length));
      const step = Math.max(1, this.sizes[split] / fit);
      for (let i = 0; Math.floor(i * step) < this.sizes[split]; i++)
        hash.update(this.example(split, Math.floor(i * step)));
    }
    return hash.digest('hex');
  }
}

const bySplit = <T>(make: (split: SplitName) => T): Record<SplitName, T> => ({
  train: make('train'),
  validation: make('validation'),
  test: make('test'),
});
