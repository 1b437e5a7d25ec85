/**
 * How samples become the numbers that a model sees: (x - mean) / (sd + 0.00001), mean and sd of the training clips.
 *
 * `scale`. A file's 16-bit sample s is x = s / 32768 ("unit"). S4's loader divides what torchaudio gives by 32768 once
 * more. torchaudio's present versions already give s / 32768, and then x = s / 2^30 ("twice"): sd is about 0.000002,
 * the added 0.00001 outweighs it, and the model sees an sd near 0.2 instead of 1. Which of the two a published number
 * had depends on its torchaudio.
 *
 * `statistics`. "one": one mean and one sd of all samples of the training clips. "steps": one of each of the 16,000
 * steps, over the training clips. The latter is what S4's loader computes: it standardises along the last axis of a
 * tensor (clips, 1, 16000), which is time.
 */
import type { CacheArrays } from '../cache.ts';
import type { ClipStore } from './clip-store.ts';
import { CLIP } from './words.ts';

export type Scale = 'unit' | 'twice';
export type Statistics = 'one' | 'steps';
export const scales: readonly Scale[] = ['unit', 'twice'];
export const statisticsKinds: readonly Statistics[] = ['one', 'steps'];
/** Added to every sd, as the loader does. */
export const EPSILON = 1e-5;
/** What a 16-bit sample is multiplied by. */
export const unitOf = (scale: Scale): number => (scale === 'unit' ? 2 ** -15 : 2 ** -30);

export interface Moments {
  mean: number;
  /** With n - 1, as torch.std. */
  sd: number;
}

/** Mean and sd of all samples of these clips in units of one 16-bit step; exact sums, so in no order. */
export function momentsOf(store: ClipStore, clips: ArrayLike<number>): Moments {
  let sum = 0n;
  let squares = 0n;
  for (let i = 0; i < clips.length; i++) {
    const facts = store.facts(clips[i]);
    sum += BigInt(facts.sum);
    squares += BigInt(facts.squares);
  }
  return momentsFrom(sum, squares, clips.length * CLIP);
}

export function momentsFrom(sum: bigint, squares: bigint, count: number): Moments {
  const n = BigInt(count);
  const spread = Number(n * squares - sum * sum) / (count * Math.max(1, count - 1));
  return { mean: Number(sum) / count, sd: Math.sqrt(Math.max(0, spread)) };
}

/** Mean and sd of every step over these clips, in units of one 16-bit step: sums of whole numbers below 2^53. */
export async function stepMoments(
  store: ClipStore,
  clips: ArrayLike<number>,
  progress?: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<CacheArrays> {
  const sum = new Float64Array(CLIP);
  const squares = new Float64Array(CLIP);
  const samples = new Int16Array(CLIP);
  for (let c = 0; c < clips.length; c++) {
    store.read(clips[c], samples);
    for (let i = 0; i < CLIP; i++) {
      sum[i] += samples[i];
      squares[i] += samples[i] * samples[i];
    }
    if (c % 1024 === 1023) {
      progress?.(c + 1, clips.length);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    }
  }
  const mean = new Float32Array(CLIP);
  const sd = new Float32Array(CLIP);
  for (let i = 0; i < CLIP; i++) {
    const of = momentsFrom(BigInt(sum[i]), BigInt(squares[i]), clips.length);
    mean[i] = of.mean;
    sd[i] = of.sd;
  }
  return { mean, sd };
}

/** The map of samples to numbers: subtract `mean`, multiply by `factor`; one of each, or one for each step. */
export interface Standard {
  mean: Float64Array;
  factor: Float64Array;
  /** What a model sees of one global sd: 1 unless the scale is "twice". */
  sd: number;
}

export function standardOf(scale: Scale, moments: { mean: ArrayLike<number>; sd: ArrayLike<number> }): Standard {
  const unit = unitOf(scale);
  const mean = Float64Array.from(moments.mean);
  const factor = Float64Array.from(moments.sd, (sd) => unit / (sd * unit + EPSILON));
  let seen = 0;
  for (let i = 0; i < factor.length; i++) seen += moments.sd[i] * factor[i];
  return { mean, factor, sd: seen / factor.length };
}
