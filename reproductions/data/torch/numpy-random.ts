/**
 * The part of numpy's legacy `numpy.random.RandomState(seed)` that published splits are drawn with: MT19937 seeded by
 * `init_genrand` (an integer seed below 2^32), the shuffle of arrays and what is built on it. numpy promises that this
 * stream never changes (NEP 19).
 */
import { Mt19937 } from '../../../kernels/numerics/mt19937.ts';

export class NumpyRandom {
  readonly #words: Mt19937;

  constructor(seed: number) {
    if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32))
      throw new RangeError(`numpy's RandomState takes seeds from 0 to 4294967295, not ${seed}`);
    this.#words = new Mt19937(seed);
  }

  /** Whole number from 0 to `max`: words masked to its bits, until one is not larger. */
  interval(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    for (;;) {
      const value = (this.#words.word() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /** `shuffle`: from the last entry to the second, each changes places with one at or before it. */
  shuffle(values: Int32Array): Int32Array {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.interval(i);
      [values[i], values[j]] = [values[j], values[i]];
    }
    return values;
  }

  /** `permutation(n)`, or of a copy of the values. */
  permutation(of: number | ArrayLike<number>): Int32Array {
    return this.shuffle(typeof of === 'number' ? Int32Array.from({ length: of }, (_, i) => i) : Int32Array.from(of));
  }

  /** `choice(values, size, replace=False)`. */
  choice(values: ArrayLike<number>, size: number): Int32Array {
    return this.permutation(values.length)
      .subarray(0, size)
      .map((i) => values[i]);
  }
}
