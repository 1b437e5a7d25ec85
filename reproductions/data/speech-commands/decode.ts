/** Recordings as clips of 16,000 samples: one shard of the store for every 2048 files of a word. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheArrays } from '../cache.ts';
import { keyHash } from '../cache.ts';
import type { WorkOptions } from '../definition.ts';
import { FormatError } from '../formats/format-error.ts';
import { readWav } from '../formats/wav.ts';
import { type PoolOptions, type Range, runJob } from '../pool.ts';
import { ClipStore, haveShard, type ShardRecipe } from './clip-store.ts';
import { type Recordings, stamps } from './recordings.ts';
import { CLIP } from './words.ts';

const SHARD = 2048;
const RECIPE = 1;

/** A recording of 16,000 Hz, one channel, 16 bits. Throws `FormatError` on any other. */
export function readRecording(path: string): Int16Array {
  const { rate, channels, samples } = readWav(readFileSync(path), path);
  if (rate !== CLIP || channels !== 1)
    throw new FormatError(
      path,
      null,
      `${rate} samples a second in ${channels} channel(s); Speech Commands has ${CLIP} in one`,
    );
  return samples;
}

/** Samples with zeros after their end, or cut at 16,000, as `F.pad(audio, (0, 16000 - length))` does. */
export function padded(samples: Int16Array): Int16Array {
  const clip = new Int16Array(CLIP);
  clip.set(samples.subarray(0, CLIP));
  return clip;
}

/** Files `range` of `paths`: samples as bytes, true lengths; a file that cannot be read is named in `problem`. */
export function decodeRecordings({ paths }: { paths: readonly string[] }, range: Range): CacheArrays {
  const samples = new Int16Array(range.count * CLIP);
  const lengths = new Int32Array(range.count);
  for (let i = 0; i < range.count; i++) {
    const path = paths[range.start + i];
    try {
      const recording = readRecording(path);
      samples.set(padded(recording), i * CLIP);
      lengths[i] = recording.length;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const { file, offset, reason } = error;
      return { problem: new TextEncoder().encode(JSON.stringify({ file, offset, reason })) };
    }
  }
  return { samples: new Uint8Array(samples.buffer), lengths };
}

/** All recordings of these words, word by word, file by file; those that are not in the cache are decoded. */
export async function storeRecordings(
  { folder, files }: Recordings,
  words: readonly string[],
  work: WorkOptions,
): Promise<ClipStore> {
  const recipes = words.flatMap((word) => shardsOf(folder, word, files.get(word) ?? []));
  const missing = recipes.filter((recipe) => !haveShard(recipe)).reduce((n, { clips }) => n + clips, 0);
  const store = new ClipStore();
  let before = 0;
  for (const { paths, ...recipe } of recipes) {
    work.signal?.throwIfAborted();
    let made = 0;
    const make = async () => {
      made = recipe.clips;
      const pool: PoolOptions = { chunk: 64, progress: (done) => work.progress?.(before + done, missing) };
      if (work.workers !== undefined) pool.workers = work.workers;
      if (work.signal) pool.signal = work.signal;
      return gather(
        await runJob(import.meta.url, 'decodeRecordings', { paths: paths() }, { start: 0, count: recipe.clips }, pool),
        recipe.clips,
      );
    };
    await store.add({ ...recipe, make });
    before += made;
  }
  return store;
}

function shardsOf(
  folder: string,
  word: string,
  names: string[],
): (Omit<ShardRecipe, 'make'> & { paths(): string[] })[] {
  const shards = [];
  for (let start = 0; start < names.length; start += SHARD) {
    const some = names.slice(start, start + SHARD);
    const path = join(folder, word);
    const files = createHash('sha256').update(stamps(path, some).join('\n')).digest('hex');
    const key = { dataset: 'speech-commands', recipe: RECIPE, word, start, clips: some.length, files };
    const paths = () => some.map((name) => join(path, name));
    shards.push({ name: `speech-commands/${word}-${start}-${keyHash(key)}`, key, clips: some.length, paths });
  }
  return shards;
}

/** The parts of a job that makes clips, in one piece. */
export function gather(parts: readonly CacheArrays[], clips: number): { samples: Int16Array; lengths: Int32Array } {
  const samples = new Int16Array(clips * CLIP);
  const bytes = new Uint8Array(samples.buffer);
  const lengths = new Int32Array(clips);
  let at = 0;
  for (const part of parts) {
    if (part.problem) {
      const { file, offset, reason } = JSON.parse(new TextDecoder().decode(part.problem as Uint8Array));
      throw new FormatError(file, offset, reason);
    }
    bytes.set(part.samples as Uint8Array, at * 2 * CLIP);
    lengths.set(part.lengths, at);
    at += part.lengths.length;
  }
  return { samples, lengths };
}
