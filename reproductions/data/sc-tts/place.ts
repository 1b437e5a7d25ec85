/**
 * A spoken word as a clip of one second: what is below 1 % of the peak before its beginning and after its end is cut
 * away, at most 15,200 samples are kept, they stand at a random place among 16,000, the peak is uniform in 0.2..0.9, and
 * white or pink noise, 25 to 45 dB below the word's power, covers the whole second.
 */
import type { Draws } from '../draws.ts';
import { exp } from '../portable-math.ts';
import { CLIP } from '../speech-commands/words.ts';
import { type Colour, noise } from './noise.ts';

export const LONGEST = 15_200;
const QUIET = 0.01;

/** From the first to the last sample that is louder than 1 % of the peak; empty when all are 0. */
export function trimmed(sound: Float64Array): Float64Array {
  let peak = 0;
  for (const x of sound) peak = Math.max(peak, Math.abs(x));
  const isLoud = (x: number) => Math.abs(x) > QUIET * peak;
  const first = sound.findIndex(isLoud);
  return first < 0 ? new Float64Array(0) : sound.subarray(first, sound.findLastIndex(isLoud) + 1);
}

export interface Placing {
  offset: number;
  peak: number;
  colour: Colour;
  /** Signal to noise ratio in dB. */
  ratio: number;
}

/** Draws of a clip whose word has `length` samples. */
export const drawPlacing = (length: number, draws: Draws): Placing => ({
  offset: draws.integer(CLIP - length + 1),
  peak: 0.2 + 0.7 * draws.unit(),
  colour: draws.integer(2) ? 'pink' : 'white',
  ratio: 25 + 20 * draws.unit(),
});

/** The clip as 16-bit samples, and how long the word is after trimming, before it is cut. */
export function place(sound: Float64Array, draws: Draws): { samples: Int16Array; length: number } {
  const all = trimmed(sound);
  if (!all.length) throw new RangeError('the sound is silent from beginning to end');
  const word = all.subarray(0, LONGEST);
  const { offset, peak, colour, ratio } = drawPlacing(word.length, draws);
  let loudest = 0;
  let power = 0;
  for (const x of word) {
    loudest = Math.max(loudest, Math.abs(x));
    power += x * x;
  }
  const gain = peak / loudest;
  const hiss = noise(colour, CLIP, draws);
  let hissPower = 0;
  for (const x of hiss) hissPower += x * x;
  const below = Math.fround(exp((-Math.LN10 / 20) * ratio));
  const level = gain * below * Math.sqrt(power / word.length / (hissPower / CLIP));
  const samples = new Int16Array(CLIP);
  for (let i = 0; i < CLIP; i++) {
    const at = i - offset;
    const x = (at >= 0 && at < word.length ? gain * word[at] : 0) + level * hiss[i];
    samples[i] = Math.max(-32768, Math.min(32767, Math.round(x * 32768)));
  }
  return { samples, length: all.length };
}
