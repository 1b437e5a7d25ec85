/**
 * Irregular sampling as S4's and CKConv's loaders make it: of every clip a share of the samples is taken away, which
 * ones is drawn once for all clips in their order of loading. For each clip in turn the first int(16000 p / 100) numbers
 * of `torch.randperm(16000, generator)` are removed, with one CPU generator seeded 56789. After standardisation what
 * was removed is 0, and a second channel is 1 where a sample is there.
 */
import { Mt19937 } from '../../../kernels/numerics/mt19937.ts';
import { type CacheArrays, cached, keyHash } from '../cache.ts';
import type { ClipStore } from './clip-store.ts';
import { type Moments, momentsFrom } from './standardise.ts';
import { CLIP } from './words.ts';

export const DROP_SEED = 56789;
const MASK_BYTES = CLIP / 8;

export class DroppedSamples {
  readonly description: string;
  /** Row of a clip of the store among the clips that were drawn for; the others have none. */
  readonly #row = new Map<number, number>();

  constructor(
    readonly percent: number,
    clips: ArrayLike<number>,
    readonly bits: Uint8Array,
  ) {
    for (let i = 0; i < clips.length; i++) this.#row.set(clips[i], i);
    this.description = `${percent} % of the samples dropped (seed ${DROP_SEED}), with a mask`;
  }

  /** Bit t of byte t >> 3 is set where sample t is there. */
  mask(clip: number): Uint8Array {
    const row = this.#row.get(clip);
    if (row === undefined) throw new RangeError(`no samples were dropped for clip ${clip}`);
    return this.bits.subarray(row * MASK_BYTES, (row + 1) * MASK_BYTES);
  }
}

/** Masks of `clips` in this order; kept in the cache (2000 bytes a clip). */
export async function dropSamples(percent: number, clips: ArrayLike<number>): Promise<DroppedSamples> {
  if (!(percent > 0 && percent < 100))
    throw new RangeError(`the share of dropped samples is ${percent}: give more than 0 and less than 100 percent`);
  const key = { dataset: 'speech-commands-dropped', recipe: 1, percent, clips: clips.length, seed: DROP_SEED };
  const { bits } = await cached(`speech-commands/dropped-${keyHash(key)}.lcd`, key, async () => ({
    bits: await drawMasks(percent, clips.length),
  }));
  return new DroppedSamples(percent, clips, bits as Uint8Array);
}

export async function drawMasks(percent: number, clips: number): Promise<Uint8Array> {
  const generator = new Mt19937(DROP_SEED);
  const removed = Math.trunc((CLIP * percent) / 100);
  const bits = new Uint8Array(clips * MASK_BYTES).fill(0xff);
  const order = new Int32Array(CLIP);
  for (let clip = 0; clip < clips; clip++) {
    for (let i = 0; i < CLIP; i++) order[i] = i;
    // All words of a permutation are drawn, as PyTorch does, though only its beginning is used.
    for (let i = 0; i < CLIP - 1; i++) {
      const j = i + (generator.word() % (CLIP - i));
      const value = order[j];
      order[j] = order[i];
      order[i] = value;
    }
    const at = clip * MASK_BYTES;
    for (let i = 0; i < removed; i++) bits[at + (order[i] >> 3)] &= ~(1 << (order[i] & 7));
    if (clip % 512 === 511) await new Promise((resolve) => setImmediate(resolve));
  }
  return bits;
}

/** Moments of the samples that are there: of all steps together, and of each step. In units of one 16-bit step. */
export async function momentsOfKept(
  store: ClipStore,
  clips: ArrayLike<number>,
  dropped: DroppedSamples,
): Promise<{ one: Moments; steps: CacheArrays }> {
  const count = new Float64Array(CLIP);
  const sum = new Float64Array(CLIP);
  const squares = new Float64Array(CLIP);
  const samples = new Int16Array(CLIP);
  for (let c = 0; c < clips.length; c++) {
    store.read(clips[c], samples);
    const mask = dropped.mask(clips[c]);
    for (let i = 0; i < CLIP; i++)
      if ((mask[i >> 3] >> (i & 7)) & 1) {
        count[i]++;
        sum[i] += samples[i];
        squares[i] += samples[i] * samples[i];
      }
    if (c % 1024 === 1023) await new Promise((resolve) => setImmediate(resolve));
  }
  const steps = { mean: new Float32Array(CLIP), sd: new Float32Array(CLIP) };
  const all = { count: 0, sum: 0n, squares: 0n };
  for (let i = 0; i < CLIP; i++) {
    // A step that was dropped in every training clip has no moments: it stays as it is.
    const of = count[i] ? momentsFrom(BigInt(sum[i]), BigInt(squares[i]), count[i]) : { mean: 0, sd: 0 };
    steps.mean[i] = of.mean;
    steps.sd[i] = of.sd;
    all.count += count[i];
    all.sum += BigInt(sum[i]);
    all.squares += BigInt(squares[i]);
  }
  return { one: momentsFrom(all.sum, all.squares, all.count), steps };
}
