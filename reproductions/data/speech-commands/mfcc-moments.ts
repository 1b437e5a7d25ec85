/** Mean and sd of every coefficient over all steps of the training clips. */
import type { CacheArrays } from '../cache.ts';
import type { WorkOptions } from '../definition.ts';
import type { ClipStore } from './clip-store.ts';
import { MFCC_COEFFICIENTS, MFCC_STEPS, mfcc } from './mfcc.ts';
import { CLIP } from './words.ts';

export async function mfccMoments(
  store: ClipStore,
  clips: ArrayLike<number>,
  unit: number,
  { progress, signal }: WorkOptions,
): Promise<CacheArrays> {
  const samples = new Int16Array(CLIP);
  const mean = new Float64Array(MFCC_COEFFICIENTS);
  const square = new Float64Array(MFCC_COEFFICIENTS);
  const values = new Float64Array(MFCC_STEPS * MFCC_COEFFICIENTS);
  let n = 0;
  for (let c = 0; c < clips.length; c++) {
    mfcc(store.read(clips[c], samples), unit, values);
    for (let step = 0; step < MFCC_STEPS; step++) {
      n++;
      for (let k = 0; k < MFCC_COEFFICIENTS; k++) {
        // Welford's recurrence: nothing is lost where the sd is small beside the mean.
        const off = values[step * MFCC_COEFFICIENTS + k] - mean[k];
        mean[k] += off / n;
        square[k] += off * (values[step * MFCC_COEFFICIENTS + k] - mean[k]);
      }
    }
    if (c % 64 === 63) {
      progress?.(c + 1, clips.length);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    }
  }
  return { mean: Float32Array.from(mean), sd: Float32Array.from(square, (s) => Math.sqrt(s / Math.max(1, n - 1))) };
}
