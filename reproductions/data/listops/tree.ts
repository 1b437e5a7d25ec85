/**
 * ListOps (Nangia and Bowman 2018; Long Range Arena, Tay et al. 2021): nested lists of digits under MIN, MAX,
 * MED and SM (sum modulo 10), to be evaluated to one digit.
 *
 * Trees are drawn as the LRA generator does. node(depth): at depth < 10 an operator with probability 1/4, else
 * a digit 0..9; an operator takes 2 to 10 arguments, each a node of depth + 1. A tree counts one token per
 * digit and two per operator (its name and the closing bracket). Trees of 500 < length < 2000 are kept.
 */
import type { Draws } from '../draws.ts';

/**
 * Token ids: three special symbols, ten digits, four operators, the closing bracket. The reference loaders number the
 * same 18 symbols by their frequency in the training split; which number a symbol has makes no difference to a model.
 */
export const vocabulary = [
  ...['<pad>', '<unk>', '<eos>'],
  ...['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  ...['[MIN', '[MAX', '[MED', '[SM'],
  ']',
] as const;

export const PAD = 0;
export const UNKNOWN = 1;
export const END = 2;
export const DIGIT = 3;
export const OPERATOR = 13;
export const CLOSE = 17;
const MIN = OPERATOR;
const MAX = OPERATOR + 1;
const MED = OPERATOR + 2;

export interface TreeBounds {
  /** Trees are kept when minLength < tokens < maxLength, both strict. LRA: 500 and 2000. */
  minLength: number;
  maxLength: number;
  /** Operators occur above this depth; the root has depth 1. LRA: 10. */
  maxDepth: number;
  /** LRA: 10. */
  maxArguments: number;
}

export const lraBounds: TreeBounds = { minLength: 500, maxLength: 2000, maxDepth: 10, maxArguments: 10 };

/** Value of an operator over `count` arguments that start at `from`. May reorder them. */
function applyOperator(operator: number, values: Uint8Array, from: number, count: number): number {
  const args = values.subarray(from, from + count);
  if (operator === MIN) return args.reduce((a, b) => Math.min(a, b));
  if (operator === MAX) return args.reduce((a, b) => Math.max(a, b));
  if (operator === MED) {
    args.sort();
    const middle = count >> 1;
    return count % 2 ? args[middle] : (args[middle - 1] + args[middle]) >> 1;
  }
  return args.reduce((a, b) => a + b, 0) % 10;
}

/** Draws one kept tree into `tokens` (at least `maxLength` long). Returns its length and its value. */
export class TreeGenerator {
  readonly tokens: Uint8Array;
  readonly #values: Uint8Array;
  #top = 0;
  #length = 0;

  constructor(readonly bounds: TreeBounds = lraBounds) {
    this.tokens = new Uint8Array(bounds.maxLength + 2);
    this.#values = new Uint8Array(bounds.maxDepth * bounds.maxArguments + 1);
  }

  draw(draws: Draws): { length: number; value: number; tries: number } {
    for (let tries = 1; ; tries++) {
      this.#top = 0;
      this.#length = 0;
      if (this.#node(draws, 1) && this.#length > this.bounds.minLength && this.#length < this.bounds.maxLength)
        return { length: this.#length, value: this.#values[0], tries };
    }
  }

  /** False as soon as the tree is too long to be kept. Pushes the node's value. */
  #node(draws: Draws, depth: number): boolean {
    const { maxDepth, maxArguments, maxLength } = this.bounds;
    if (depth >= maxDepth || draws.unit() > 0.25) {
      const digit = draws.integer(10);
      this.tokens[this.#length++] = DIGIT + digit;
      this.#values[this.#top++] = digit;
      return this.#length < maxLength;
    }
    const count = 2 + draws.integer(maxArguments - 1);
    const at = this.#length++;
    const from = this.#top;
    for (let i = 0; i < count; i++) if (!this.#node(draws, depth + 1)) return false;
    const operator = OPERATOR + draws.integer(4);
    this.tokens[at] = operator;
    this.tokens[this.#length++] = CLOSE;
    this.#values[from] = applyOperator(operator, this.#values, from, count);
    this.#top = from + 1;
    return this.#length < maxLength;
  }
}

/** Value of a token sequence (without `<eos>`). Throws when it is not one well-formed expression. */
export function evaluate(tokens: ArrayLike<number>): number {
  const operators: { operator: number; from: number }[] = [];
  const values = new Uint8Array(tokens.length);
  let top = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (i > 0 && operators.length === 0) throw new Error(`ListOps: token ${i} comes after the end of the expression`);
    if (token >= DIGIT && token < OPERATOR) values[top++] = token - DIGIT;
    else if (token >= OPERATOR && token < CLOSE) operators.push({ operator: token, from: top });
    else if (token === CLOSE) {
      const open = operators.pop();
      if (!open || top === open.from) throw new Error(`ListOps: the bracket closed at token ${i} holds no arguments`);
      values[open.from] = applyOperator(open.operator, values, open.from, top - open.from);
      top = open.from + 1;
    } else throw new Error(`ListOps: token ${i} (${vocabulary[token] ?? token}) is not part of an expression`);
  }
  if (operators.length || top !== 1) throw new Error('ListOps: the expression is not complete');
  return values[0];
}
