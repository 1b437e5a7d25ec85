/**
 * Counter-based random numbers: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"). A stream is a 64-bit key made from the seed and a name; a draw is a pure function of (key,
 * counter), so it is the same on every device, in any order, and after a resume.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;

/** One Philox 4x32 block: counter (4 words) and key (2 words) to four 32-bit words. */
export function philox(
  counter: readonly number[],
  key: readonly number[],
  rounds = 10,
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let r = 0; r < rounds; r++) {
    const n0 = high(M1, c2) ^ c1 ^ k0;
    const n2 = high(M0, c0) ^ c3 ^ k1;
    c1 = Math.imul(M1, c2);
    c3 = Math.imul(M0, c0);
    c0 = n0;
    c2 = n2;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** High word of a 32 x 32 bit product, in 16-bit limbs. */
function high(a: number, x: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const xl = x & 0xffff;
  const xh = x >>> 16;
  const low = ah * xl + ((al * xl) >>> 16);
  const mid = al * xh + (low & 0xffff);
  return (ah * xh + (low >>> 16) + (mid >>> 16)) | 0;
}

/** 64-bit FNV-1a of a text, as two 32-bit words. */
function hash64(text: string): [number, number] {
  let h = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) h = ((h ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return [Number(h & 0xffffffffn), Number(h >> 32n)];
}

/** A uniform in (0, 1) from a 32-bit word: the centre of its cell, never 0 or 1. */
export const unit = (word: number): number => (word + 0.5) / 4294967296;

/**
 * A named stream. `position` counts blocks of four words already taken; `mark` is all that a checkpoint must hold.
 */
export class Stream {
  readonly key: readonly [number, number];
  position = 0;
  /** The last block taken and how many of its words are left. */
  #block: readonly number[] = [];
  #left = 0;

  constructor(
    readonly seed: number,
    readonly name: string,
  ) {
    const [a, b] = hash64(`${seed}/${name}`);
    this.key = [a, b];
  }

  /** Block `index` of this stream, without moving it. */
  block(index: number): [number, number, number, number] {
    return philox([index >>> 0, Math.floor(index / 4294967296) >>> 0, 0, 0], this.key);
  }

  /** Takes `count` blocks out of the stream and returns the first one's index (for kernels that draw themselves). */
  reserve(count: number): number {
    const start = this.position;
    this.position += count;
    this.#left = 0;
    return start;
  }

  /** Where the stream is, in blocks; the words left of the last block taken count a quarter each. */
  get mark(): number {
    return this.position - this.#left / 4;
  }
  set mark(mark: number) {
    this.position = Math.ceil(mark);
    this.#left = (this.position - mark) * 4;
    if (this.#left) this.#block = this.block(this.position - 1);
  }

  /** Next 32-bit word. */
  word(): number {
    if (!this.#left) {
      this.#block = this.block(this.position++);
      this.#left = 4;
    }
    return this.#block[4 - this.#left--];
  }

  uniform(low = 0, high = 1): number {
    return low + (high - low) * unit(this.word());
  }

  /** Integer in [0, below): unbiased, by rejection. */
  integer(below: number): number {
    const limit = 4294967296 - (4294967296 % below);
    for (;;) {
      const w = this.word();
      if (w < limit) return w % below;
    }
  }

  /** Standard normals by Box-Muller, in pairs; `n` of them times `scale`. */
  normals(n: number, scale = 1): Float64Array {
    const out = new Float64Array(n);
    for (let i = 0; i < n; i += 2) {
      const r = Math.sqrt(-2 * Math.log(unit(this.word())));
      const a = 2 * Math.PI * unit(this.word());
      out[i] = scale * r * Math.cos(a);
      if (i + 1 < n) out[i + 1] = scale * r * Math.sin(a);
    }
    return out;
  }

  uniforms(n: number, low = 0, high = 1): Float64Array {
    return Float64Array.from({ length: n }, () => this.uniform(low, high));
  }

  /** A permutation of 0..n-1 (Fisher-Yates). */
  permutation(n: number): Int32Array {
    const p = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [p[i], p[j]] = [p[j], p[i]];
    }
    return p;
  }
}

/** The streams of a run: init, shuffle, dropout, data ... made on first use, saved and restored by name. */
export class Streams {
  readonly #streams = new Map<string, Stream>();

  constructor(readonly seed: number) {}

  get(name: string): Stream {
    let s = this.#streams.get(name);
    if (!s) this.#streams.set(name, (s = new Stream(this.seed, name)));
    return s;
  }

  /** The streams' marks. */
  save(): Record<string, number> {
    return Object.fromEntries([...this.#streams].map(([name, s]) => [name, s.mark]));
  }

  restore(marks: Record<string, number>): void {
    for (const [name, mark] of Object.entries(marks)) this.get(name).mark = mark;
  }
}
