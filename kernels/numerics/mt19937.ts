/**
 * The Mersenne Twister MT19937 (Matsumoto & Nishimura 1998), seeded by one 32-bit word, and the permutation that
 * PyTorch's `torch.randperm` draws from it on the CPU: published data splits depend on it.
 */
const N = 624;
const M = 397;

export class Mt19937 {
  readonly #state = new Uint32Array(N);
  #next = N;

  /** Seeds of more than 32 bits count modulo 2^32, as in PyTorch. */
  constructor(seed: number) {
    const x = this.#state;
    x[0] = Number(BigInt.asUintN(32, BigInt(seed)));
    for (let i = 1; i < N; i++) x[i] = Math.imul(1812433253, x[i - 1] ^ (x[i - 1] >>> 30)) + i;
  }

  /** Next 32-bit word. */
  word(): number {
    if (this.#next === N) this.#twist();
    let y = this.#state[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  #twist(): void {
    const x = this.#state;
    for (let i = 0; i < N; i++) {
      const y = (x[i] & 0x80000000) | (x[(i + 1) % N] & 0x7fffffff);
      x[i] = x[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

/**
 * `torch.randperm(n)` of a fresh CPU generator with this seed: a forward shuffle, each draw one word modulo the number
 * of places left. `random_split` with lengths (a, b) takes entries [0, a) and [a, a + b) of it.
 */
export function torchRandperm(n: number, seed: number): Int32Array {
  if (!Number.isInteger(n) || n < 0 || n > 2147483647)
    throw new RangeError(`a permutation of ${n} numbers: n must be a whole number from 0 to 2147483647`);
  const generator = new Mt19937(seed);
  const r = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    const j = i + (generator.word() % (n - i));
    [r[i], r[j]] = [r[j], r[i]];
  }
  return r;
}
