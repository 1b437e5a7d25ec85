/**
 * Speech Commands v0.02 as the loader of state-spaces/s4 gives it (`src/dataloaders/datasets/sc.py`).
 *
 * 35 words ("SC35"): every clip, zeros after its end up to 16,000 samples; split by the two list files, the rest
 * trains. 10 words ("SC10"): clips that do not have exactly 16,000 samples are left out; the others, word by word, are
 * split 70 / 15 / 15 by scikit-learn's stratified `train_test_split` (random_state 0, then 1). The order of the files of
 * a word is os.listdir's there, which nobody can know; here it is sorted, so which clips of a word test differs, how
 * many does not. Standardisation: `standardise.ts`.
 */
import { MissingFileError, splitNames } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { SpeechClips } from './clips.ts';
import { storeRecordings } from './decode.ts';
import { type DroppedSamples, dropSamples } from './dropped.ts';
import { listRecordings } from './recordings.ts';
import { requireSound, type SoundOptions, saying, standardOfClips, standardOfKept } from './sound.ts';
import { listedSplits, numbered, shortened, splitByLists, splitStratified } from './splits.ts';
import { unitOf } from './standardise.ts';
import { type WordCount, wordsOf } from './words.ts';

export interface SpeechOptions extends OpenOptions, SoundOptions {
  /** Percentage of the samples of every clip that is taken away. Only with 10 words, as in the reference loader. */
  dropped?: number;
}

export async function openSpeechCommands(count: WordCount, options: SpeechOptions): Promise<SpeechClips> {
  const id = `speech-commands-${count}`;
  const { folder, rate = 1, scale = 'unit', statistics = 'one', features = 'raw' } = options;
  requireSound(id, { rate, scale, statistics, features });
  if (folder === undefined)
    throw new MissingFileError(
      `${id} cannot be made here, only read: repro data get speech-commands fetches it; sc-tts${count} stands in for it`,
    );
  if (options.dropped !== undefined && count === 35)
    throw new RangeError(`${id}: samples are dropped of the ten words only, as in the reference loader`);
  if (options.dropped !== undefined && features === 'mfcc')
    throw new RangeError(`${id}: samples are dropped of raw sound here, not of MFCC: give one of the two`);
  const words = wordsOf(count);
  const recordings = listRecordings(folder, words);
  const lists = count === 35 ? listedSplits(folder) : null;
  const store = await storeRecordings(recordings, words, options);
  const all = numbered(recordings, words);
  const splits = lists ? splitByLists(all, lists) : splitStratified(all, store);
  let dropped: DroppedSamples | undefined;
  if (options.dropped !== undefined) dropped = await dropSamples(options.dropped, splits.loaded);
  const standard = dropped
    ? await standardOfKept(store, splits.train.clips, dropped, { scale, statistics, features })
    : await standardOfClips(store, splits.train.clips, { scale, statistics, features }, options);
  const used = shortened(id, splits, options.sizes);
  const sizes = splitNames.map((split) => used[split].clips.length).join(' / ');
  return new SpeechClips({
    ...{ id, kind: 'real', words, store, splits: used, standard, rate },
    ...(dropped ? { dropped } : {}),
    ...(features === 'mfcc' ? { mfccOf: unitOf(scale) } : {}),
    description:
      `Speech Commands v0.02, ${count} words (${sizes} clips, ` +
      `${count === 35 ? 'split by its list files' : 'split 70/15/15 by word over sorted file names'})` +
      `${rate === 2 ? ', every second sample' : ''}${dropped ? `, ${dropped.description}` : ''}; ` +
      saying({ scale, statistics, features }, standard),
    nameOf: (clip) => all[clip].name,
    reopen: {
      ...{ module: import.meta.url, name: 'reopenSpeechCommands' },
      settings: {
        ...{ count, folder, sizes: options.sizes ?? {}, rate, scale, statistics, features },
        ...(options.dropped === undefined ? {} : { dropped: options.dropped }),
      },
    },
  });
}

/** Opens the same data in a worker: everything is in the cache by then. */
export const reopenSpeechCommands = ({ count, ...options }: SpeechOptions & { count: WordCount }) =>
  openSpeechCommands(count, options);
