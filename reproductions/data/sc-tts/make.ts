/** The clips themselves: spoken, brought to 16,000 Hz and placed in a second. */
import type { CacheArrays } from '../cache.ts';
import type { SplitName } from '../dataset.ts';
import { Draws } from '../draws.ts';
import type { Range } from '../pool.ts';
import { CLIP, type WordCount } from '../speech-commands/words.ts';
import { type Manner, speakEspeak } from './espeak.ts';
import { drawFliteManner, fliteVoices, speakFlite } from './flite.ts';
import { place } from './place.ts';
import { type PlannedClip, planFlite, planSplit } from './plan.ts';
import { Resampler } from './resample.ts';

export type Part = SplitName | 'flite';
export interface MakeSettings {
  count: WordCount;
  part: Part;
  seed: number;
}

const resamplers = new Map<number, Resampler>();
const plans = new Map<string, PlannedClip[]>();

export function planOf(count: WordCount, part: Part): PlannedClip[] {
  const name = `${count} ${part}`;
  let plan = plans.get(name);
  if (!plan) plans.set(name, (plan = part === 'flite' ? planFlite(count) : planSplit(count, part)));
  return plan;
}

/** 120 to 200 words a minute, any pitch. */
export const drawManner = (draws: Draws): Manner => ({ speed: 120 + draws.integer(81), pitch: draws.integer(100) });

/** The word as it is spoken, before it is placed. */
export function speak(clip: PlannedClip, part: Part, draws: Draws): { rate: number; x: Float64Array } {
  if (part !== 'flite') return speakEspeak(clip.word, clip.speaker, drawManner(draws));
  const voice = fliteVoices[clip.speaker];
  return speakFlite(clip.word, voice, clip.take ? drawFliteManner(voice, draws) : null);
}

/** 16,000 samples, and the length of the trimmed word. */
export function makeClip(clip: PlannedClip, part: Part, seed: number): { samples: Int16Array; length: number } {
  const draws = new Draws(seed, part === 'flite' ? 'data/sc-tts/flite' : 'data/sc-tts').start(clip.sample);
  const { rate, x } = speak(clip, part, draws);
  let resampler = resamplers.get(rate);
  if (!resampler) resamplers.set(rate, (resampler = new Resampler(rate, CLIP)));
  return place(resampler.apply(x), draws);
}

/** Clips `range` of a part, for the workers of the pool. */
export function makeClips({ count, part, seed }: MakeSettings, range: Range): CacheArrays {
  const plan = planOf(count, part);
  const samples = new Int16Array(range.count * CLIP);
  const lengths = new Int32Array(range.count);
  for (let i = 0; i < range.count; i++) {
    const clip = makeClip(plan[range.start + i], part, seed);
    samples.set(clip.samples, i * CLIP);
    lengths[i] = clip.length;
  }
  return { samples: new Uint8Array(samples.buffer), lengths };
}
