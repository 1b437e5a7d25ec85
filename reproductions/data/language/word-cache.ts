/** Pieces of text that have been merged before, by their bytes. Emptied when full: what is in it changes speed alone. */

const SLOTS = 1 << 18;
const MOST = SLOTS / 2;
/** Bytes of a piece (at most 64) and its tokens, each in its arena. */
const ARENA = 1 << 21;
const LONGEST = 64;

export class WordCache {
  /** Entry + 1 by slot; 0 is free. */
  readonly #slots = new Int32Array(SLOTS);
  readonly #hashes = new Int32Array(MOST);
  readonly #start = new Int32Array(MOST + 1);
  readonly #token = new Int32Array(MOST + 1);
  readonly #bytes = new Uint8Array(ARENA);
  readonly #tokens = new Uint16Array(ARENA);
  #entries = 0;
  /** Slot and hash of the last piece that was not found. */
  #free = 0;
  #hash = 0;

  /** Writes the tokens of `bytes[from .. to)` to `out` from `at` on and returns how many; 0 when it is not known. */
  find(bytes: Uint8Array, from: number, to: number, out: Uint16Array, at: number): number {
    let hash = 0x811c9dc5 | 0;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
    hash ^= hash >>> 15;
    const slots = this.#slots;
    const starts = this.#start;
    let slot = hash & (SLOTS - 1);
    for (let entry = slots[slot] - 1; entry >= 0; slot = (slot + 1) & (SLOTS - 1), entry = slots[slot] - 1) {
      if (this.#hashes[entry] !== hash) continue;
      const start = starts[entry];
      if (starts[entry + 1] - start !== to - from) continue;
      let i = from;
      while (i < to && this.#bytes[start + i - from] === bytes[i]) i++;
      if (i < to) continue;
      const first = this.#token[entry];
      const n = this.#token[entry + 1] - first;
      for (let k = 0; k < n; k++) out[at + k] = this.#tokens[first + k];
      return n;
    }
    this.#free = slot;
    this.#hash = hash;
    return 0;
  }

  /** Remembers the piece that `find` has just not found. */
  add(bytes: Uint8Array, from: number, to: number, tokens: Uint16Array, n: number): void {
    const entry = this.#entries;
    if (entry === MOST || this.#start[entry] + LONGEST > ARENA || this.#token[entry] + LONGEST > ARENA) {
      this.#slots.fill(0);
      this.#entries = 0;
      return;
    }
    for (let i = from; i < to; i++) this.#bytes[this.#start[entry] + i - from] = bytes[i];
    for (let k = 0; k < n; k++) this.#tokens[this.#token[entry] + k] = tokens[k];
    this.#start[entry + 1] = this.#start[entry] + to - from;
    this.#token[entry + 1] = this.#token[entry] + n;
    this.#hashes[entry] = this.#hash;
    this.#slots[this.#free] = entry + 1;
    this.#entries++;
  }
}
