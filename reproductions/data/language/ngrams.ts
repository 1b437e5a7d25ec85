/**
 * Unigram, bigram and trigram models with interpolated Kneser-Ney smoothing (Kneser and Ney 1995; Chen and Goodman 1999,
 * with one discount for each order), counted on a stream of tokens:
 *
 *     p3(w | u v) = max(c(u v w) - D3, 0) / c(u v .) + D3 N(u v .) / c(u v .) p2(w | v)
 *     p2(w | v)   = max(N(. v w) - D2, 0) / N(. v .) + D2 N'(v .) / N(. v .)  p1(w)
 *     p1(w)       = max(N(. w) - D1, 0)   / N(. .)   + D1 T / N(. .) / V
 *
 * c counts, N(. v w) is the number of tokens seen before v w, N(u v .) that of tokens seen after u v, N'(v .) that of the w
 * with N(. v w) > 0, T that of tokens with N(. w) > 0, V the size of the vocabulary. D = n1 / (n1 + 2 n2) with n1, n2 the
 * number of entries of the order that are 1 and 2. The bigram model on its own has counts c(v w) in the place of N(. v w).
 * Counts live in sorted arrays: about 40 bytes for each training token.
 */

export interface NgramScores {
  tokens: number;
  /** Mean -ln p over the tokens, in nats. */
  unigram: number;
  bigram: number;
  trigram: number;
}

/** Distinct keys in order, and how often each occurs. */
interface Counts {
  keys: Float64Array;
  values: Uint32Array;
}

export class Ngrams {
  readonly #V: number;
  /** By token: plain counts for the unigram model alone. */
  readonly #plain: Float64Array;
  readonly #total: number;
  /** c(u v w); N(. v w); N(. w). */
  readonly #three: Counts;
  readonly #two: Counts;
  readonly #one: Float64Array;
  /** By context u v: c(u v .) and N(u v .). */
  readonly #after2: Context;
  /** By context v: N(. v .) and N'(v .). */
  readonly #after1: Context;
  readonly #bigrams: number;
  readonly #types: number;
  readonly #discount: { three: number; two: number; one: number; pairs: number };
  /** c(v w), and c(v .) with N(v .). */
  readonly #pairs: Counts;
  readonly #afterPairs: Context;

  constructor(tokens: Uint16Array, vocabulary: number) {
    const V = vocabulary;
    this.#V = V;
    this.#plain = new Float64Array(V);
    for (const token of tokens) this.#plain[token]++;
    this.#total = tokens.length;
    const n = tokens.length - 2;
    if (n < 1) throw new RangeError(`${tokens.length} tokens are too few to count`);
    const keys = new Float64Array(n);
    for (let i = 0; i < n; i++) keys[i] = (tokens[i] * V + tokens[i + 1]) * V + tokens[i + 2];
    this.#three = count(keys.sort());
    this.#after2 = contexts(this.#three, V);
    const pairs = Float64Array.from(this.#three.keys, (key) => key % (V * V));
    this.#two = count(pairs.sort());
    this.#after1 = contexts(this.#two, V);
    this.#one = new Float64Array(V);
    for (const key of this.#two.keys) this.#one[key % V]++;
    this.#bigrams = this.#two.keys.length;
    this.#types = this.#one.reduce((t, value) => t + (value > 0 ? 1 : 0), 0);
    this.#pairs = count(
      Float64Array.from({ length: tokens.length - 1 }, (_, i) => tokens[i] * V + tokens[i + 1]).sort(),
    );
    this.#afterPairs = contexts(this.#pairs, V);
    this.#discount = {
      ...{ three: discount(this.#three.values), two: discount(this.#two.values) },
      ...{ one: discount(this.#one), pairs: discount(this.#pairs.values) },
    };
  }

  /** Of a stream of tokens, the first two of which are only context. The unigram model adds one to each count. */
  score(tokens: Uint16Array): NgramScores {
    const sums = { unigram: 0, bigram: 0, trigram: 0 };
    const V = this.#V;
    for (let i = 2; i < tokens.length; i++) {
      const [u, v, w] = [tokens[i - 2], tokens[i - 1], tokens[i]];
      sums.unigram -= Math.log((this.#plain[w] + 1) / (this.#total + V));
      sums.bigram -= Math.log(this.bigram(v, w));
      sums.trigram -= Math.log(this.trigram(u, v, w));
    }
    const n = Math.max(0, tokens.length - 2);
    return { tokens: n, unigram: sums.unigram / n, bigram: sums.bigram / n, trigram: sums.trigram / n };
  }

  /** p(w | v) of the bigram model. */
  bigram(v: number, w: number): number {
    return this.#interpolate(this.#pairs, this.#afterPairs, v, w, this.#discount.pairs, this.#first(w));
  }

  /** p3(w | u v). */
  trigram(u: number, v: number, w: number): number {
    const two = this.#interpolate(this.#two, this.#after1, v, w, this.#discount.two, this.#first(w));
    return this.#interpolate(this.#three, this.#after2, u * this.#V + v, w, this.#discount.three, two);
  }

  /** p1(w). */
  #first(w: number): number {
    const D = this.#discount.one;
    return (Math.max(this.#one[w] - D, 0) + (D * this.#types) / this.#V) / this.#bigrams;
  }

  #interpolate(counts: Counts, after: Context, context: number, w: number, D: number, lower: number): number {
    const at = find(after.keys, context);
    if (at < 0) return lower;
    const total = after.totals[at];
    const found = find(counts.keys, context * this.#V + w);
    const value = found < 0 ? 0 : counts.values[found];
    return (Math.max(value - D, 0) + D * after.distinct[at] * lower) / total;
  }
}

interface Context {
  keys: Float64Array;
  totals: Float64Array;
  distinct: Uint32Array;
}

/** `keys` are sorted. */
function count(keys: Float64Array): Counts {
  let distinct = 0;
  for (let i = 0; i < keys.length; i++) if (i === 0 || keys[i] !== keys[i - 1]) distinct++;
  const counts = { keys: new Float64Array(distinct), values: new Uint32Array(distinct) };
  let at = -1;
  for (let i = 0; i < keys.length; i++) {
    if (i === 0 || keys[i] !== keys[i - 1]) counts.keys[++at] = keys[i];
    counts.values[at]++;
  }
  return counts;
}

function contexts({ keys, values }: Counts, V: number): Context {
  const own = count(keys.map((key) => Math.floor(key / V)));
  const totals = new Float64Array(own.keys.length);
  for (let i = 0, at = 0; at < own.keys.length; at++)
    for (let k = 0; k < own.values[at]; k++, i++) totals[at] += values[i];
  return { keys: own.keys, totals, distinct: own.values };
}

/** n1 / (n1 + 2 n2); 1/2 where nothing occurs once. */
function discount(values: ArrayLike<number>): number {
  let n1 = 0;
  let n2 = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 1) n1++;
    else if (values[i] === 2) n2++;
  }
  return n1 ? n1 / (n1 + 2 * n2) : 0.5;
}

/** Place of a key among sorted ones, or -1. */
function find(keys: Float64Array, key: number): number {
  let low = 0;
  let high = keys.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if (keys[middle] === key) return middle;
    if (keys[middle] < key) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
