/**
 * Random draws for generated samples: Philox 4x32-10 as in `kernels/tensor/random.ts`, with the sample's index
 * in the counter. Sample i is a pure function of (seed, stream name, i, attempt): it does not depend on which
 * worker makes it, on how many there are, or on what was made before.
 */
import { Stream } from '../../kernels/tensor/random.ts';

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

export class Draws {
  /** Of the stream, for native code that draws itself. */
  readonly key: readonly [number, number];
  readonly #words = new Uint32Array(4);
  #next = 4;
  #block = 0;
  #sample = 0;
  #attempt = 0;

  constructor(seed: number, name: string) {
    this.key = new Stream(seed, name).key;
  }

  /** Starts the draws of a sample. `attempt` gives further independent sequences for the same sample. */
  start(sample: number, attempt = 0): this {
    this.#sample = sample >>> 0;
    this.#attempt = attempt >>> 0;
    this.#block = 0;
    this.#next = 4;
    return this;
  }

  /** Next 32-bit word. */
  word(): number {
    if (this.#next === 4) this.#refill();
    return this.#words[this.#next++];
  }

  /** Uniform in [0, 1) with 32 bits. */
  unit(): number {
    return this.word() / 4294967296;
  }

  /** Integer in [0, below), unbiased (Lemire 2019, "Fast random integer generation in an interval"). */
  integer(below: number): number {
    for (;;) {
      const wide = this.word() * below;
      const high = Math.floor(wide / 4294967296);
      const low = wide - high * 4294967296;
      if (low >= below || low >= 4294967296 % below) return high;
    }
  }

  #refill(): void {
    let c0 = this.#block >>> 0;
    let c1 = Math.floor(this.#block / 4294967296) >>> 0;
    let c2 = this.#sample;
    let c3 = this.#attempt;
    let [k0, k1] = this.key;
    for (let round = 0; round < 10; round++) {
      const h0 = mulHigh(M0, c0);
      const h1 = mulHigh(M1, c2);
      const l1 = Math.imul(M1, c2);
      const l0 = Math.imul(M0, c0);
      c0 = (h1 ^ c1 ^ k0) >>> 0;
      c1 = l1;
      c2 = (h0 ^ c3 ^ k1) >>> 0;
      c3 = l0;
      k0 = (k0 + W0) | 0;
      k1 = (k1 + W1) | 0;
    }
    const w = this.#words;
    w[0] = c0;
    w[1] = c1;
    w[2] = c2;
    w[3] = c3;
    this.#block++;
    this.#next = 0;
  }
}

/** High word of a 32 x 32 bit product. */
function mulHigh(a: number, x: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const xl = x & 0xffff;
  const xh = x >>> 16;
  const mid = ah * xl + ((al * xl) >>> 16);
  const cross = al * xh + (mid & 0xffff);
  return (ah * xh + (mid >>> 16) + (cross >>> 16)) >>> 0;
}
