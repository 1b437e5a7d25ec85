/**
 * The images of a Pathfinder set as they lie in the cache, file after file, read by position: a whole Path256 is 13 GB.
 * A file that turns out to be damaged in the middle of a run is made again at once.
 */
import { createHash } from 'node:crypto';
import { repairing } from '../cache.ts';
import type { CacheArray, CacheArrays, Unit } from '../unit.ts';

export interface Shard {
  /** Arrays `pixels` (count, size * size) and `labels` (count). */
  unit: Unit;
  /** Makes its arrays again, on this thread. */
  remake(): CacheArrays;
}

export class Shards {
  /** Number of the first image of each shard, and of all images. */
  readonly #first: number[] = [0];
  readonly #labels: (Uint8Array | undefined)[] = [];

  constructor(
    readonly shards: Shard[],
    /** Pixels of an image. */
    readonly area: number,
  ) {
    for (const { unit } of shards) this.#first.push(this.count + unit.length('labels'));
  }

  get count(): number {
    return this.#first[this.#first.length - 1];
  }

  image(index: number): Uint8Array {
    const shard = this.#shardOf(index);
    return this.#read(shard, 'pixels', (index - this.#first[shard]) * this.area, this.area) as Uint8Array;
  }

  label(index: number): number {
    const shard = this.#shardOf(index);
    this.#labels[shard] ??= this.#read(shard, 'labels') as Uint8Array;
    return this.#labels[shard][index - this.#first[shard]];
  }

  /** All of an array that has `width` numbers an image, for images [from, from + count). */
  gather(name: string, width: number, from: number, count: number): Int32Array {
    const all = new Int32Array(count * width);
    for (let at = 0; at < count; ) {
      const shard = this.#shardOf(from + at);
      const skip = from + at - this.#first[shard];
      const part = Math.min(count - at, this.#first[shard + 1] - this.#first[shard] - skip);
      all.set(this.#read(shard, name, skip * width, part * width), at * width);
      at += part;
    }
    return all;
  }

  /** SHA-256 over what stands for every byte; no data are read. */
  checksum(...also: unknown[]): string {
    const hash = createHash('sha256');
    for (const { unit } of this.shards) hash.update(unit.content);
    return hash.update(JSON.stringify(also)).digest('hex');
  }

  close(): void {
    for (const { unit } of this.shards) unit.close();
  }

  #read(index: number, name: string, from?: number, count?: number): CacheArray {
    const shard = this.shards[index];
    return repairing(
      shard.unit,
      (unit) => unit.read(name, from, count),
      () => shard.remake(),
      (unit) => {
        shard.unit = unit;
      },
    );
  }

  #shardOf(index: number): number {
    let low = 0;
    for (let high = this.shards.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if (this.#first[middle] <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
