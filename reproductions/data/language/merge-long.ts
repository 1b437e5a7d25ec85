/** The same merges as `mergeShort` in n log n steps: for a document that is one word, or a line of a thousand blanks. */
import { Merges } from './gpt2-vocabulary.ts';

/** Merges the first `n` tokens of `parts` in place; returns how many are left. */
export function mergeLong(parts: Uint16Array, n: number, merges: Merges): number {
  const next = Int32Array.from({ length: n }, (_, i) => i + 1);
  const previous = Int32Array.from({ length: n }, (_, i) => i - 1);
  const heap = new Heap(2 * n);
  // A candidate is (merge, place); one whose tokens have changed since is told by giving another merge now, or none.
  const offer = (i: number): void => {
    const merged = next[i] < n ? merges.get(parts[i], parts[next[i]]) : Merges.none;
    if (merged !== Merges.none) heap.push(merged * 2 ** 32 + i);
  };
  const gone = new Uint8Array(n);
  for (let i = 0; i < n; i++) offer(i);
  for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
    const merged = Math.floor(top / 2 ** 32);
    const at = top % 2 ** 32;
    if (gone[at] || next[at] >= n || merges.get(parts[at], parts[next[at]]) !== merged) continue;
    const eaten = next[at];
    parts[at] = merged;
    gone[eaten] = 1;
    next[at] = next[eaten];
    if (next[at] < n) previous[next[at]] = at;
    if (previous[at] >= 0) offer(previous[at]);
    offer(at);
  }
  let left = 0;
  for (let i = 0; i < n; i = next[i]) parts[left++] = parts[i];
  return left;
}

/** Least number first. */
class Heap {
  #items: Float64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#items = new Float64Array(Math.max(4, capacity));
  }

  push(value: number): void {
    if (this.#size === this.#items.length) {
      const larger = new Float64Array(2 * this.#size);
      larger.set(this.#items);
      this.#items = larger;
    }
    const items = this.#items;
    let at = this.#size++;
    for (let up = (at - 1) >> 1; at > 0 && items[up] > value; at = up, up = (at - 1) >> 1) items[at] = items[up];
    items[at] = value;
  }

  pop(): number | undefined {
    if (!this.#size) return undefined;
    const items = this.#items;
    const top = items[0];
    const value = items[--this.#size];
    const n = this.#size;
    let at = 0;
    for (let down = 1; down < n; down = 2 * at + 1) {
      if (down + 1 < n && items[down + 1] < items[down]) down++;
      if (items[down] >= value) break;
      items[at] = items[down];
      at = down;
    }
    items[at] = value;
    return top;
  }
}
