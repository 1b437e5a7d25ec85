/**
 * Multinomial naive Bayes on n-grams of tokens. With c(k, g) the count of n-gram g in the training sequences of class k,
 * N(k) their sum, V the number of different n-grams of all classes and a the smoothing, a sequence belongs to the class
 * that is largest in
 *
 *     log P(k) + sum over its n-grams g of log((c(k, g) + a) / (N(k) + a V))
 *
 * where P(k) is the share of training sequences. N-grams that no training sequence has count as c = 0.
 * McCallum and Nigam 1998, "A comparison of event models for naive Bayes text classification".
 */

export interface NaiveBayesOptions {
  classes: number;
  /** Ids are below this. */
  vocabulary: number;
  /** Tokens of an n-gram. */
  n: number;
  smoothing: number;
  /** An n-gram counts once in a sequence, however often it is there. */
  presence?: boolean;
}

export class NaiveBayes {
  readonly #slots = new Map<number, number>();
  /** (different n-grams, classes) */
  #counts = new Float64Array(1 << 16);
  readonly #sequences: number[];
  readonly #totals: number[];

  /** Throws `RangeError` where an n-gram is no exact number. */
  constructor(readonly options: NaiveBayesOptions) {
    if (!(options.vocabulary ** options.n <= Number.MAX_SAFE_INTEGER))
      throw new RangeError(`${options.n}-grams of ${options.vocabulary} tokens are too many to be told apart`);
    this.#sequences = new Array(options.classes).fill(0);
    this.#totals = new Array(options.classes).fill(0);
  }

  train(tokens: ArrayLike<number>, label: number): void {
    const { classes } = this.options;
    this.#sequences[label]++;
    for (const gram of this.#grams(tokens)) {
      let slot = this.#slots.get(gram);
      if (slot === undefined) {
        slot = this.#slots.size * classes;
        this.#slots.set(gram, slot);
        if (slot + classes > this.#counts.length) {
          const larger = new Float64Array(2 * this.#counts.length);
          larger.set(this.#counts);
          this.#counts = larger;
        }
      }
      this.#counts[slot + label]++;
      this.#totals[label]++;
    }
  }

  /** Logarithm of the joint probability with each class, up to what all classes share. */
  scores(tokens: ArrayLike<number>): number[] {
    const { classes, smoothing } = this.options;
    const all = this.#sequences.reduce((a, b) => a + b, 0);
    const scores = this.#sequences.map((count) => Math.log(count / all));
    const below = this.#totals.map((total) => Math.log(total + smoothing * this.#slots.size));
    for (const gram of this.#grams(tokens)) {
      const slot = this.#slots.get(gram);
      for (let k = 0; k < classes; k++)
        scores[k] += Math.log((slot === undefined ? 0 : this.#counts[slot + k]) + smoothing) - below[k];
    }
    return scores;
  }

  /** Of classes that are as probable, the first. */
  classify(tokens: ArrayLike<number>): number {
    const scores = this.scores(tokens);
    return scores.indexOf(Math.max(...scores));
  }

  #grams(tokens: ArrayLike<number>): Iterable<number> {
    const { n, vocabulary, presence } = this.options;
    const grams = new Float64Array(Math.max(0, tokens.length - n + 1));
    const high = vocabulary ** (n - 1);
    let gram = 0;
    for (let i = 0; i < tokens.length; i++) {
      gram = (gram % high) * vocabulary + tokens[i];
      if (i >= n - 1) grams[i - n + 1] = gram;
    }
    return presence ? new Set(grams) : grams;
  }
}
