/** Which clips there are, in which split, and in which order. */
import { createHash } from 'node:crypto';
import { type SplitName, splitNames } from '../dataset.ts';
import { splitOf } from '../speech-commands/name-hash.ts';
import { shuffled } from '../speech-commands/splits.ts';
import { type WordCount, words35, wordsOf } from '../speech-commands/words.ts';
import { SPEAKERS, voiceOf } from './espeak.ts';
import { fliteVoices } from './flite.ts';

export interface PlannedClip {
  word: string;
  /** Class number. */
  label: number;
  speaker: number;
  take: number;
  /** Number among all clips of all words: a word's clips are the same in the set of 10 and in that of 35. */
  sample: number;
  /** `<word>/<speaker>_nohash_<take>.wav`. */
  name: string;
}

/** Times that a speaker says each word. */
export const takesOf = (count: WordCount): number => (count === 35 ? 1 : 2);
export const FLITE_TAKES = 5;

/** Eight hexadecimal digits, as the speakers of Speech Commands have them. */
export const speakerHash = (voice: string): string => createHash('sha1').update(voice).digest('hex').slice(0, 8);

/** The clips of a split in one fixed random order. The split follows from the name, so that it divides speakers. */
export function planSplit(count: WordCount, split: SplitName): PlannedClip[] {
  const clips: PlannedClip[] = [];
  for (let take = 0; take < takesOf(count); take++)
    for (let speaker = 0; speaker < SPEAKERS; speaker++) {
      const hash = speakerHash(voiceOf(speaker));
      if (splitOf(hash) === split) clips.push(...saying(count, speaker, hash, take, SPEAKERS));
    }
  return [...shuffled([...clips.keys()], `data/sc-tts${count}/${split}`)].map((i) => clips[i]);
}

/** Every word by every voice of flite. */
export const planFlite = (count: WordCount): PlannedClip[] =>
  Array.from({ length: FLITE_TAKES }, (_, take) =>
    fliteVoices.flatMap((voice, v) => saying(count, v, speakerHash(`flite+${voice}`), take, fliteVoices.length)),
  ).flat();

function saying(count: WordCount, speaker: number, hash: string, take: number, speakers: number): PlannedClip[] {
  return wordsOf(count).map((word, label) => ({
    ...{ word, label, speaker, take, name: `${word}/${hash}_nohash_${take}.wav` },
    sample: (take * words35.length + words35.indexOf(word)) * speakers + speaker,
  }));
}

export const fullSizes = (count: WordCount): Record<SplitName, number> => {
  const sizes = { train: 0, validation: 0, test: 0 };
  for (const split of splitNames) sizes[split] = planSplit(count, split).length;
  return sizes;
};
