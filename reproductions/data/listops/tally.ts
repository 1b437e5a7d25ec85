/** What is counted of ListOps expressions. */
import { moments } from '../comparison.ts';
import { CLOSE, DIGIT, lraBounds, OPERATOR } from './tree.ts';

const zeros = (n: number): number[] => new Array(n).fill(0);
/** Operators occur at depths 1 to 9. */
const DEEPEST = lraBounds.maxDepth - 1;

export class Tally {
  readonly #lengths: number[] = [];
  readonly #operators: number[] = [];
  readonly labels = zeros(10);
  readonly digits = zeros(10);
  /** MIN, MAX, MED, SM. */
  readonly operators = zeros(4);
  /** With 2 to 10 arguments. */
  readonly args = zeros(9);
  readonly rootOperators = zeros(4);
  readonly rootArguments = zeros(9);
  readonly labelsByRoot = Array.from({ length: 4 }, () => zeros(10));
  readonly byDepth = zeros(DEEPEST);
  /** Expressions whose operators do not reach depth 9. */
  shallow = 0;
  /** Of the open brackets, the number of arguments so far. */
  readonly #open = new Int32Array(2 * lraBounds.maxLength);

  /** Of a well-formed expression. */
  add(tokens: ArrayLike<number>, label: number): void {
    let depth = 0;
    let deepest = 0;
    let count = 0;
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i];
      if (token === CLOSE) {
        const args = this.#open[--depth];
        this.args[args - 2]++;
        if (depth === 0) this.rootArguments[args - 2]++;
        continue;
      }
      if (depth > 0) this.#open[depth - 1]++;
      if (token < OPERATOR) this.digits[token - DIGIT]++;
      else {
        this.operators[token - OPERATOR]++;
        if (depth < DEEPEST) this.byDepth[depth]++;
        this.#open[depth++] = 0;
        deepest = Math.max(deepest, depth);
        count++;
      }
    }
    this.#lengths.push(tokens.length);
    this.#operators.push(count);
    this.labels[label]++;
    if (deepest < DEEPEST) this.shallow++;
    if (count) {
      this.rootOperators[tokens[0] - OPERATOR]++;
      this.labelsByRoot[tokens[0] - OPERATOR][label]++;
    }
  }

  get samples(): number {
    return this.#lengths.length;
  }
  get lengths(): { mean: number; sd: number; n: number } {
    return moments(this.#lengths);
  }
  get operatorsEach(): { mean: number; sd: number; n: number } {
    return moments(this.#operators);
  }
  /** Lengths from each of the bins' edges to below the next one. */
  lengthsIn(edges: readonly number[]): number[] {
    const counts = zeros(edges.length - 1);
    for (const length of this.#lengths) {
      const bin = edges.findLastIndex((edge) => edge <= length);
      if (bin >= 0 && bin < counts.length) counts[bin]++;
    }
    return counts;
  }
  /** Lengths in bins of 100 from 500 on. */
  histogram(bins: number): number[] {
    const counts = zeros(bins);
    for (const length of this.#lengths) {
      const bin = Math.floor(length / 100) - 5;
      if (bin >= 0 && bin < bins) counts[bin]++;
    }
    return counts;
  }
}
