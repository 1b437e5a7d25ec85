/**
 * Pairs of chunks. First a document, evenly among those of the split; a chunk of it, evenly. Then for a positive pair
 * another chunk of the same document; for a negative one another document of the same collection, evenly, and a chunk
 * of it that is not of the same number, since no positive pair is. Documents of a single chunk are left out. So neither
 * a text by itself nor its place in its document tells the label, and documents count alike, however long they are.
 * (Were all possible positive pairs drawn evenly, nearly all would come from a few dozen very long addresses.)
 */
import type { Draws } from '../draws.ts';
import type { SplitDocument } from './documents.ts';

/** A document whose chunks are `chunks` texts from number `first` on. */
export interface Span {
  collection: SplitDocument['collection'];
  first: number;
  chunks: number;
}

export interface Pair {
  first: number;
  second: number;
  label: 0 | 1;
}

/** Even samples are positive pairs, odd ones negative. */
export const labelOf = (sample: number): 0 | 1 => (sample % 2 === 0 ? 1 : 0);

/** One that is not `without`, evenly, of `count` >= 2. */
const other = (draws: Draws, count: number, without: number): number => {
  const i = draws.integer(count - 1);
  return i < without ? i : i + 1;
};

export class PairDrawer {
  readonly #spans: Span[];
  readonly #of: Record<Span['collection'], Span[]>;

  /** Throws `RangeError` where there is nothing to draw from. */
  constructor(spans: readonly Span[]) {
    this.#spans = spans.filter(({ chunks }) => chunks > 1);
    const of = (collection: Span['collection']) => this.#spans.filter((span) => span.collection === collection);
    this.#of = { brown: of('brown'), sotu: of('sotu') };
    for (const [name, { length }] of Object.entries(this.#of))
      if (length === 1) throw new RangeError(`retrieval-samedoc: a split has a single document of ${name}`);
    if (!this.#spans.length) throw new RangeError('retrieval-samedoc: a split has no documents of two chunks');
  }

  draw(draws: Draws, label: 0 | 1): Pair {
    const span = this.#spans[draws.integer(this.#spans.length)];
    const chunk = draws.integer(span.chunks);
    const first = span.first + chunk;
    if (label === 1) return { first, second: span.first + other(draws, span.chunks, chunk), label };
    const among = this.#of[span.collection];
    const second = among[other(draws, among.length, among.indexOf(span))];
    const number = chunk < second.chunks ? other(draws, second.chunks, chunk) : draws.integer(second.chunks);
    return { first, second: second.first + number, label };
  }
}
