/**
 * Distinct examples: one that equals an earlier one is drawn again, with the next attempt number, until it is new. The
 * result is a short list of (sample, attempt); every other sample is its first attempt. So a sample stays a pure
 * function of its number and that list, whoever makes it.
 */
import { createHash } from 'node:crypto';

/** Sample number -> attempt, of those that are not their first attempt. */
export type Attempts = ReadonlyMap<number, number>;

const MOST_ATTEMPTS = 1000;

export class Distinct {
  readonly #seen = new Set<string>();

  /**
   * The attempts of samples 0..count-1. `draw(sample, attempt)` gives the example's tokens, which need only stay as
   * they are until the next call. Throws when a thousand attempts in a row gave nothing new.
   */
  attempts(what: string, count: number, draw: (sample: number, attempt: number) => Uint8Array): Attempts {
    const again = new Map<number, number>();
    for (let sample = 0; sample < count; sample++) {
      let attempt = 0;
      while (!this.#isNew(draw(sample, attempt)))
        if (++attempt > MOST_ATTEMPTS)
          throw new RangeError(
            `${what}: after ${this.#seen.size} distinct examples ${MOST_ATTEMPTS} draws gave no new one: ask for fewer examples or for longer ones`,
          );
      if (attempt) again.set(sample, attempt);
    }
    return again;
  }

  #isNew(example: Uint8Array): boolean {
    const before = this.#seen.size;
    this.#seen.add(
      example.length <= 64
        ? Buffer.from(example).toString('latin1')
        : createHash('sha256').update(example).digest('base64'),
    );
    return this.#seen.size > before;
  }
}

/**
 * Whether examples must be looked at: with `count` draws of which two are equal with probability at most 2^-bits, any
 * two are with probability below count^2 / 2 * 2^-bits. At 2^-64 or less nobody will ever see it, and long examples are
 * not drawn for nothing.
 */
export const mayRepeat = (count: number, bits: number): boolean => 2 * Math.log2(count) - 1 - bits > -64;
