/**
 * The words of Speech Commands v0.02 in the order of their class numbers, as the loader of state-spaces/s4 has them
 * (`src/dataloaders/datasets/sc.py`: ALL_CLASSES and SUBSET_CLASSES).
 */
export const words35: readonly string[] = (
  'bed cat down five forward go house left marvin no on right sheila tree up visual yes backward bird dog eight ' +
  'follow four happy learn nine off one seven six stop three two wow zero'
).split(' ');

/** The ten commands of "SC10", the "SC" of CKConv and of the first tables of S4. */
export const words10: readonly string[] = 'yes no up down left right on off stop go'.split(' ');

export type WordCount = 35 | 10;
export const wordsOf = (count: WordCount): readonly string[] => (count === 35 ? words35 : words10);

/** Samples of a clip, and a second. */
export const CLIP = 16_000;
