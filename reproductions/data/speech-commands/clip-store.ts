/**
 * Clips of one second in the cache, read by position: a set of 105,829 of them is 3.4 GB and is never held. A shard is
 * two files: `<name>.i16`, raw little-endian 16-bit samples, 16,000 of every clip, and `<name>.lcd`, a unit of
 * `cache.ts` with a row for each clip: CRC-32 of its samples, true length before it was padded or cut, sum and sum of
 * squares of its samples. The unit is written last, so that a shard is there whole or not at all. Every clip is held
 * to its CRC when it is read.
 */
import { closeSync, existsSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { CorruptFileError, cached, cacheFolder, readUnit, writeAtomically } from '../cache.ts';
import { CLIP } from './words.ts';

export const CLIP_BYTES = 2 * CLIP;

/** A clip as it comes from its maker: exactly 16,000 samples, and how many it had. */
export interface MadeClip {
  samples: Int16Array;
  length: number;
}

export interface ClipFacts {
  length: number;
  sum: number;
  squares: number;
}

interface Shard {
  path: string;
  /** Number of its first clip. */
  first: number;
  clips: number;
  crc: Int32Array;
  length: Int32Array;
  sum: Int32Array;
  /** Sum of squares = high 2^31 + low. */
  high: Int32Array;
  low: Int32Array;
  file: number | null;
}

export interface ShardRecipe {
  /** File name without its ending, below the cache folder. */
  name: string;
  key: unknown;
  clips: number;
  /** The samples of all its clips, one after the other, and the true lengths. */
  make(): Promise<{ samples: Int16Array; lengths: Int32Array }>;
}

export class ClipStore {
  readonly #shards: Shard[] = [];
  clips = 0;

  /** Appends a shard: from the cache, or made now and kept. */
  async add(recipe: ShardRecipe): Promise<void> {
    const path = join(cacheFolder(), `${recipe.name}.i16`);
    const unit = join(cacheFolder(), `${recipe.name}.lcd`);
    const isWhole = existsSync(path) && statSync(path).size === recipe.clips * CLIP_BYTES;
    if (existsSync(unit) && !isWhole) rmSync(unit);
    const arrays = await cached(`${recipe.name}.lcd`, recipe.key, async () => {
      const { samples, lengths } = await recipe.make();
      if (samples.length !== recipe.clips * CLIP || lengths.length !== recipe.clips)
        throw new RangeError(`${recipe.name}: ${samples.length} samples are not ${recipe.clips} clips of ${CLIP}`);
      writeAtomically(path, [bytesOf(samples)]);
      return { length: lengths, ...factsOf(samples) };
    });
    const { crc, length, sum, high, low } = arrays as Record<string, Int32Array>;
    this.#shards.push({ path, first: this.clips, clips: recipe.clips, crc, length, sum, high, low, file: null });
    this.clips += recipe.clips;
  }

  facts(clip: number): ClipFacts {
    const { shard, at } = this.#find(clip);
    return { length: shard.length[at], sum: shard.sum[at], squares: shard.high[at] * 2 ** 31 + shard.low[at] };
  }

  /** CRC-32 of a clip's samples. */
  crc(clip: number): number {
    const { shard, at } = this.#find(clip);
    return shard.crc[at];
  }

  /** The 16,000 samples of a clip, into `into`. */
  read(clip: number, into: Int16Array = new Int16Array(CLIP)): Int16Array {
    const { shard, at } = this.#find(clip);
    shard.file ??= openSync(shard.path, 'r');
    const bytes = bytesOf(into);
    for (let have = 0; have < CLIP_BYTES; ) {
      const got = readSync(shard.file, bytes, have, CLIP_BYTES - have, at * CLIP_BYTES + have);
      if (!got) throw new CorruptFileError(`${shard.path} is corrupt (it ends within clip ${at}): ${REMEDY}`);
      have += got;
    }
    if ((crc32(bytes) | 0) !== shard.crc[at])
      throw new CorruptFileError(`${shard.path} is corrupt (clip ${at} is not as it was written): ${REMEDY}`);
    return into;
  }

  close(): void {
    for (const shard of this.#shards)
      if (shard.file !== null) {
        closeSync(shard.file);
        shard.file = null;
      }
  }

  #find(clip: number): { shard: Shard; at: number } {
    let low = 0;
    let high = this.#shards.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#shards[middle].first <= clip) low = middle;
      else high = middle - 1;
    }
    const shard = this.#shards[low];
    if (!(shard && clip >= 0 && clip - shard.first < shard.clips)) throw new RangeError(`there is no clip ${clip}`);
    return { shard, at: clip - shard.first };
  }
}

const REMEDY = 'remove the file, and it is made again';

/** True when the shard is in the cache under this key. */
export function haveShard({ name, key, clips }: Pick<ShardRecipe, 'name' | 'key' | 'clips'>): boolean {
  const path = join(cacheFolder(), name);
  if (!existsSync(`${path}.lcd`) || !existsSync(`${path}.i16`)) return false;
  if (statSync(`${path}.i16`).size !== clips * CLIP_BYTES) return false;
  try {
    return JSON.stringify(readUnit(`${path}.lcd`).key) === JSON.stringify(key);
  } catch (error) {
    if (error instanceof CorruptFileError) return false;
    throw error;
  }
}

const bytesOf = (samples: Int16Array): Uint8Array =>
  new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);

/** A row for each clip of these samples. */
export function factsOf(samples: Int16Array): Record<'crc' | 'sum' | 'high' | 'low', Int32Array> {
  const clips = samples.length / CLIP;
  const rows = () => new Int32Array(clips);
  const facts = { crc: rows(), sum: rows(), high: rows(), low: rows() };
  for (let c = 0; c < clips; c++) {
    const clip = samples.subarray(c * CLIP, (c + 1) * CLIP);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < CLIP; i++) {
      sum += clip[i];
      squares += clip[i] * clip[i];
    }
    facts.crc[c] = crc32(bytesOf(clip)) | 0;
    facts.sum[c] = sum;
    facts.high[c] = Math.floor(squares / 2 ** 31);
    facts.low[c] = squares % 2 ** 31;
  }
  return facts;
}
