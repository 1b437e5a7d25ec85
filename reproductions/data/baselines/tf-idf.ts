/**
 * TF-IDF vectors of documents and their cosine. With n(w) the occurrences of a word in the document, d(w) the number of
 * known documents that have it and N their number, the weight of the word is
 *
 *     (1 + ln n(w)) ln(N / max(1, d(w)))
 *
 * and vectors are scaled to length one. Words are runs of at least two letters or digits, in lower case.
 * Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval".
 */

export const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [];

export type Vector = ReadonlyMap<string, number>;

export class TfIdf {
  readonly #documents = new Map<string, number>();
  #count = 0;

  /** A document that is known. */
  add(words: readonly string[]): void {
    this.#count++;
    for (const word of new Set(words)) this.#documents.set(word, (this.#documents.get(word) ?? 0) + 1);
  }

  /** Empty for a document of which no word tells anything. */
  vector(words: readonly string[]): Vector {
    const vector = new Map<string, number>();
    for (const word of words) vector.set(word, (vector.get(word) ?? 0) + 1);
    let square = 0;
    for (const [word, n] of vector) {
      const weight = (1 + Math.log(n)) * Math.log(this.#count / Math.max(1, this.#documents.get(word) ?? 0));
      vector.set(word, weight);
      square += weight * weight;
    }
    if (square === 0) return new Map();
    for (const [word, weight] of vector) vector.set(word, weight / Math.sqrt(square));
    return vector;
  }
}

/** 0 where one of the two is empty. */
export function cosine(a: Vector, b: Vector): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let sum = 0;
  for (const [word, weight] of small) sum += weight * (large.get(word) ?? 0);
  return sum;
}
