/** A small folder in the layout of Speech Commands v0.02, for the tests: known samples, a few speakers. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWav } from '../formats/wav.ts';
import { splitOf } from './name-hash.ts';
import { CLIP } from './words.ts';

export const speakerName = (n: number): string => createHash('sha1').update(`speaker ${n}`).digest('hex').slice(0, 8);

/** Sample i of the clip of this word and speaker: a saw-tooth whose step depends on both. */
export const sampleOf = (word: number, speaker: number, i: number): number =>
  ((i * (7 + word * 3 + speaker) + 131 * speaker) % 4001) - 2000;

/** Every fifth speaker's clips are short; the third's have an odd chunk before the samples. */
export const lengthOf = (speaker: number): number => (speaker % 5 === 4 ? CLIP - 1000 : CLIP);

export interface SmallArchive {
  folder: string;
  /** `word/file.wav` of every clip. */
  names: string[];
}

export function writeSmallArchive(folder: string, words: readonly string[], speakers: number): SmallArchive {
  const names: string[] = [];
  mkdirSync(join(folder, '_background_noise_'), { recursive: true });
  writeFileSync(join(folder, '_background_noise_', 'README.md'), 'noise');
  words.forEach((word, w) => {
    mkdirSync(join(folder, word), { recursive: true });
    for (let s = 0; s < speakers; s++) {
      const samples = Int16Array.from({ length: lengthOf(s) }, (_, i) => sampleOf(w, s, i));
      const name = `${word}/${speakerName(s)}_nohash_${s % 2}.wav`;
      const bytes = writeWav({ rate: CLIP, channels: 1, samples });
      writeFileSync(join(folder, name), s === 3 ? withOddChunk(bytes) : bytes);
      names.push(name);
    }
  });
  const listed = (split: string) => names.filter((name) => splitOf(name) === split).map((name) => `${name}\n`);
  writeFileSync(join(folder, 'validation_list.txt'), listed('validation').join(''));
  writeFileSync(join(folder, 'testing_list.txt'), listed('test').join(''));
  return { folder, names };
}

/** A LIST chunk of three bytes, padded to four, between the format and the samples. */
function withOddChunk(bytes: Uint8Array): Uint8Array {
  const chunk = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
  return Buffer.concat([bytes.subarray(0, 36), chunk, bytes.subarray(36)]);
}
