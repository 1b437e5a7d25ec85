/**
 * `numpy.random.default_rng(seed).permutation(n)`: PCG64 (O'Neill 2014, XSL-RR on 128 bits) seeded through SeedSequence,
 * and numpy's shuffle. Hugging Face's `train_test_split` splits by it.
 */

const WORD = (1n << 64n) - 1n;
const STATE = (1n << 128n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

/** `SeedSequence(seed).generate_state(words)` for a seed of 32 bits. */
export function seedSequence(seed: number, words: number): Uint32Array {
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) throw new RangeError(`${seed} is no seed of 32 bits`);
  let constant = 0x43b0d7e5;
  const hash = (value: number): number => {
    let v = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    v = Math.imul(v, constant);
    return v ^ (v >>> 16);
  };
  const mix = (x: number, y: number): number => {
    const v = (Math.imul(x, 0xca01f9dd) - Math.imul(y, 0x4973f715)) | 0;
    return v ^ (v >>> 16);
  };
  const pool = [seed, 0, 0, 0].map(hash);
  for (let from = 0; from < 4; from++)
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  let out = 0x8b51f9dd;
  return Uint32Array.from({ length: words }, (_, i) => {
    let v = pool[i % 4] ^ out;
    out = Math.imul(out, 0x58f38ded);
    v = Math.imul(v, out);
    return v ^ (v >>> 16);
  });
}

export class NumpyGenerator {
  #state: bigint;
  readonly #increment: bigint;
  /** The upper half of the last 64 bits, when only the lower one has been used. */
  #half: number | null = null;

  constructor(seed: number) {
    const words = Array.from(seedSequence(seed, 8), BigInt);
    const wide = (i: number) => (words[i + 1] << 32n) | words[i];
    this.#increment = ((((wide(4) << 64n) | wide(6)) << 1n) | 1n) & STATE;
    this.#state = this.#increment;
    this.#state = (this.#state + ((wide(0) << 64n) | wide(2))) & STATE;
    this.#step();
  }

  /** The next 32 bits. */
  word(): number {
    if (this.#half !== null) {
      const half = this.#half;
      this.#half = null;
      return half;
    }
    this.#step();
    const folded = (this.#state >> 64n) ^ (this.#state & WORD);
    const turn = this.#state >> 122n;
    const value = ((folded >> turn) | (folded << (64n - turn))) & WORD;
    this.#half = Number(value >> 32n);
    return Number(value & 0xffffffffn);
  }

  /** Integer from 0 to `most`: words masked to its bits, until one is not larger (numpy's `random_interval`). */
  upTo(most: number): number {
    if (most === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(most);
    for (;;) {
      const value = (this.word() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  permutation(n: number): Uint32Array {
    const values = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.upTo(i);
      const value = values[i];
      values[i] = values[j];
      values[j] = value;
    }
    return values;
  }

  #step(): void {
    this.#state = (this.#state * MULTIPLIER + this.#increment) & STATE;
  }
}
