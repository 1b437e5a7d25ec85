/**
 * The rule by which the list files of Speech Commands were made (Warden 2018, `which_set` of TensorFlow's example): a
 * clip's set follows from the SHA-1 of its speaker, so that a speaker's clips are all in the same set, and stay there
 * when clips are added.
 */
import { createHash } from 'node:crypto';
import type { SplitName } from '../dataset.ts';

const LARGEST = 2 ** 27 - 1;

/** Place of a speaker in [0, 100]: (SHA-1 modulo 2^27) 100 / (2^27 - 1). */
export function placeOf(speaker: string): number {
  const digest = createHash('sha1').update(speaker, 'utf8').digest();
  return (digest.readUInt32BE(16) & LARGEST) * (100 / LARGEST);
}

/** What a file's name says of its speaker: everything before `_nohash_`, or all of it. */
export const speakerOf = (file: string): string => file.replace(/^.*\//, '').replace(/_nohash_.*$/, '');

/** 10 % of the speakers validate, 10 % test, the others train. */
export function splitOf(file: string): SplitName {
  const place = placeOf(speakerOf(file));
  if (place < 10) return 'validation';
  return place < 20 ? 'test' : 'train';
}
