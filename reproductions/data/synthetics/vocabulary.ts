/**
 * Vocabularies of the synthetic languages: tokens are short strings, and a token's id is its rank when all of them are
 * sorted as strings (safari, `src/dataloaders/synthetics.py`). A vocabulary of V has the numbers 0 to V-3 and two
 * special tokens, `=>` (here comes the answer) and `.` (no answer). V = 20: `.` 0, `0` 1, `1` 2, `10` 3, ..., `17` 10,
 * `2` 11, ..., `9` 18, `=>` 19.
 */
export const ARROW = '=>';
export const NOTHING = '.';

/** Ids are held in bytes. */
export const LARGEST_VOCABULARY = 256;

export class Vocabulary {
  /** By id. */
  readonly tokens: readonly string[];
  /** Ids of the ordinary tokens, in the order of their strings. */
  readonly ordinary: readonly number[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #special: ReadonlySet<number>;

  constructor(ordinary: readonly string[], special: readonly string[]) {
    // The strings are ASCII: the order of UTF-16 units is Python's order of code points.
    this.tokens = [...ordinary, ...special].sort();
    this.#ids = new Map(this.tokens.map((token, id) => [token, id]));
    this.ordinary = [...ordinary].sort().map((token) => this.id(token));
    this.#special = new Set(special.map((token) => this.id(token)));
  }

  /** The numbers 0 to size - 3, `=>` and `.`. */
  static numbered(size: number): Vocabulary {
    if (!(Number.isInteger(size) && size >= 4 && size <= LARGEST_VOCABULARY))
      throw new RangeError(`a synthetic language has a vocabulary of 4 to ${LARGEST_VOCABULARY} tokens, not ${size}`);
    const numbers = Array.from({ length: size - 2 }, (_, i) => String(i));
    return new Vocabulary(numbers, [ARROW, NOTHING]);
  }

  get size(): number {
    return this.tokens.length;
  }

  isOrdinary(id: number): boolean {
    return id < this.size && !this.#special.has(id);
  }

  id(token: string): number {
    const id = this.#ids.get(token);
    if (id === undefined) throw new RangeError(`"${token}" is not in the vocabulary of ${this.size} tokens`);
    return id;
  }

  /** Ids of tokens with blanks between them. */
  encode(text: string): Uint8Array {
    return Uint8Array.from(text.trim().split(/\s+/), (token) => this.id(token));
  }

  decode(ids: ArrayLike<number>): string {
    return Array.from(ids, (id) => this.tokens[id]).join(' ');
  }
}
