/**
 * Speech Commands v0.02 as the loader of state-spaces/s4 gives it (`src/dataloaders/datasets/sc.py`).
 *
 * 35 words ("SC35"): every clip, zeros after its end up to 16,000 samples; split by the two list files, the rest
 * trains. 10 words ("SC10"): clips that do not have exactly 16,000 samples are left out; the others, word by word, are
 * split 70 / 15 / 15 by scikit-learn's stratified `train_test_split` (random_state 0, then 1). The order of the files of
 * a word is os.listdir's there, which nobody can know; here it is sorted, so which clips of a word test differs, how
 * many does not. Standardisation: `standardise.ts`.
 */
import { createHash } from 'node:crypto';
import { cached, keyHash } from '../cache.ts';
import { MissingFileError, type SplitName, splitNames } from '../dataset.ts';
import type { OpenOptions, WorkOptions } from '../definition.ts';
import { Draws } from '../draws.ts';
import { stratifiedSplit } from '../torch/stratified-split.ts';
import type { ClipStore } from './clip-store.ts';
import { type ClipSplit, type Rate, SpeechClips } from './clips.ts';
import { storeRecordings } from './decode.ts';
import { type DroppedSamples, dropSamples, momentsOfKept } from './dropped.ts';
import { listRecordings, type Recordings, readList, TESTING_LIST, VALIDATION_LIST } from './recordings.ts';
import {
  momentsOf,
  type Scale,
  type Standard,
  type Statistics,
  scales,
  standardOf,
  statisticsKinds,
  stepMoments,
} from './standardise.ts';
import { CLIP, type WordCount, wordsOf } from './words.ts';

export interface SoundOptions {
  /** 2: every second sample, the 8 kHz of the zero-shot test. Default 1. */
  rate?: Rate;
  /** Default "unit". */
  scale?: Scale;
  /** Default "one". */
  statistics?: Statistics;
}

export interface SpeechOptions extends OpenOptions, SoundOptions {
  /** Percentage of the samples of every clip that is taken away. Only with 10 words, as in the reference loader. */
  dropped?: number;
}

export async function openSpeechCommands(count: WordCount, options: SpeechOptions): Promise<SpeechClips> {
  const id = `speech-commands-${count}`;
  const { folder, rate = 1, scale = 'unit', statistics = 'one' } = options;
  requireSound(id, { rate, scale, statistics });
  if (folder === undefined)
    throw new MissingFileError(
      `${id} cannot be made here, only read: repro data get speech-commands fetches it; sc-tts${count} stands in for it`,
    );
  if (options.dropped !== undefined && count === 35)
    throw new RangeError(`${id}: samples are dropped of the ten words only, as in the reference loader`);
  const words = wordsOf(count);
  const recordings = listRecordings(folder, words);
  const lists = count === 35 ? listedSplits(folder) : null;
  const store = await storeRecordings(recordings, words, options);
  const all = numbered(recordings, words);
  const splits = lists ? splitByLists(all, lists) : splitStratified(all, store);
  let dropped: DroppedSamples | undefined;
  if (options.dropped !== undefined) dropped = await dropSamples(options.dropped, splits.loaded);
  const standard = dropped
    ? await standardOfKept(store, splits.train.clips, dropped, scale, statistics)
    : await standardOfClips(store, splits.train.clips, scale, statistics, options);
  const used = shortened(id, splits, options.sizes);
  const sizes = splitNames.map((split) => used[split].clips.length).join(' / ');
  return new SpeechClips({
    ...{ id, kind: 'real', words, store, splits: used, standard, rate },
    ...(dropped ? { dropped } : {}),
    description:
      `Speech Commands v0.02, ${count} words (${sizes} clips, ` +
      `${count === 35 ? 'split by its list files' : 'split 70/15/15 by word over sorted file names'})` +
      `${rate === 2 ? ', every second sample' : ''}${dropped ? `, ${dropped.description}` : ''}; ` +
      saying(scale, statistics, standard),
    nameOf: (clip) => all[clip].name,
    reopen: {
      ...{ module: import.meta.url, name: 'reopenSpeechCommands' },
      settings: {
        ...{ count, folder, sizes: options.sizes ?? {}, rate, scale, statistics },
        ...(options.dropped === undefined ? {} : { dropped: options.dropped }),
      },
    },
  });
}

/** Opens the same data in a worker: everything is in the cache by then. */
export const reopenSpeechCommands = ({ count, ...options }: SpeechOptions & { count: WordCount }) =>
  openSpeechCommands(count, options);

/** Half a sentence on how the samples were standardised. */
export function saying(scale: Scale, statistics: Statistics, { sd }: Standard): string {
  const by = statistics === 'one' ? 'by one mean and sd of the training clips' : 'step by step over the training clips';
  return `standardised ${by}${scale === 'twice' ? `, after dividing by 2^15 twice: sd ${sd.toPrecision(2)}` : ' to sd 1'}`;
}

export function requireSound(id: string, { rate, scale, statistics }: Required<SoundOptions>): void {
  if (rate !== 1 && rate !== 2) throw new RangeError(`${id}: the rate is ${rate}; it can be 1 or 2`);
  if (!scales.includes(scale)) throw new RangeError(`${id}: the scale is ${scale}; it can be ${scales.join(' or ')}`);
  if (!statisticsKinds.includes(statistics))
    throw new RangeError(`${id}: the statistics are ${statistics}; they can be ${statisticsKinds.join(' or ')}`);
}

export interface NumberedClip {
  /** `word/file.wav`. */
  name: string;
  label: number;
}

/** The clips of the store by their number. */
export const numbered = ({ files }: Recordings, words: readonly string[]): NumberedClip[] =>
  words.flatMap((word, label) => (files.get(word) ?? []).map((file) => ({ name: `${word}/${file}`, label })));

export interface Lists {
  validation: ReadonlySet<string>;
  test: ReadonlySet<string>;
}

export const listedSplits = (folder: string): Lists => ({
  validation: new Set(readList(folder, VALIDATION_LIST)),
  test: new Set(readList(folder, TESTING_LIST)),
});

type Splits = Record<SplitName, ClipSplit> & {
  /** All clips that are used, in the order of loading. */ loaded: Int32Array;
};

/** As the loader: the validation list first, then the testing list. Within a split in one fixed random order. */
export function splitByLists(all: readonly NumberedClip[], lists: Lists): Splits {
  const parts: Record<SplitName, number[]> = { train: [], validation: [], test: [] };
  all.forEach(({ name }, clip) => {
    parts[lists.validation.has(name) ? 'validation' : lists.test.has(name) ? 'test' : 'train'].push(clip);
  });
  const labelled = (split: SplitName) => shuffled(parts[split], `data/speech-commands-35/${split}`);
  return withLabels(all, {
    ...{ train: labelled('train'), validation: labelled('validation'), test: labelled('test') },
    loaded: Int32Array.from(all, (_, clip) => clip),
  });
}

/** scikit-learn's split of the clips of exactly 16,000 samples, in the order that it gives them. */
export function splitStratified(all: readonly NumberedClip[], store: ClipStore): Splits {
  const loaded = Int32Array.from(all.map((_, clip) => clip).filter((clip) => store.facts(clip).length === CLIP));
  const labels = Int32Array.from(loaded, (clip) => all[clip].label);
  const first = stratifiedSplit(labels, { train: 0.7, seed: 0 });
  const rest = Int32Array.from(first.test, (i) => labels[i]);
  const second = stratifiedSplit(rest, { train: 0.5, seed: 1 });
  return withLabels(all, {
    train: first.train.map((i) => loaded[i]),
    validation: second.train.map((i) => loaded[first.test[i]]),
    test: second.test.map((i) => loaded[first.test[i]]),
    loaded,
  });
}

function withLabels(
  all: readonly NumberedClip[],
  { loaded, ...parts }: Record<SplitName | 'loaded', Int32Array>,
): Splits {
  const labelled = (clips: Int32Array) => ({ clips, labels: clips.map((clip) => all[clip].label) });
  return { train: labelled(parts.train), validation: labelled(parts.validation), test: labelled(parts.test), loaded };
}

/** One fixed random order, so that the beginning of a split has all words. */
export function shuffled(clips: readonly number[], name: string, seed = 0): Int32Array {
  const order = Int32Array.from(clips);
  const draws = new Draws(seed, name).start(0);
  for (let i = order.length - 1; i > 0; i--) {
    const j = draws.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

export function shortened(
  id: string,
  splits: Record<SplitName, ClipSplit>,
  sizes: Partial<Record<SplitName, number>> = {},
): Record<SplitName, ClipSplit> {
  const cut = (split: SplitName): ClipSplit => {
    const { clips, labels } = splits[split];
    const size = sizes[split] ?? clips.length;
    if (!(Number.isInteger(size) && size > 0 && size <= clips.length))
      throw new RangeError(`${id}: the ${split} split can have 1 to ${clips.length} clips, not ${size}`);
    return { clips: clips.slice(0, size), labels: labels.slice(0, size) };
  };
  return { train: cut('train'), validation: cut('validation'), test: cut('test') };
}

/** From the training clips; moments of each step are kept in the cache. */
export async function standardOfClips(
  store: ClipStore,
  clips: Int32Array,
  scale: Scale,
  statistics: Statistics,
  work: WorkOptions = {},
): Promise<Standard> {
  if (statistics === 'one') {
    const { mean, sd } = momentsOf(store, clips);
    return standardOf(scale, { mean: [mean], sd: [sd] });
  }
  const key = { dataset: 'speech-steps', recipe: 1, clips: digestOf(store, clips) };
  const file = `speech-commands/steps-${keyHash(key)}.lcd`;
  const { mean, sd } = await cached(file, key, () => stepMoments(store, clips, work.progress, work.signal));
  return standardOf(scale, { mean, sd });
}

async function standardOfKept(
  store: ClipStore,
  clips: Int32Array,
  dropped: DroppedSamples,
  scale: Scale,
  statistics: Statistics,
): Promise<Standard> {
  const key = { dataset: 'speech-kept', recipe: 1, clips: digestOf(store, clips), percent: dropped.percent };
  const file = `speech-commands/kept-${keyHash(key)}.lcd`;
  const kept = await cached(file, key, async () => {
    const { one, steps } = await momentsOfKept(store, clips, dropped);
    return { ...steps, one: Float32Array.of(one.mean, one.sd) };
  });
  const [mean, sd] = kept.one;
  return standardOf(scale, statistics === 'one' ? { mean: [mean], sd: [sd] } : { mean: kept.mean, sd: kept.sd });
}

const digestOf = (store: ClipStore, clips: Int32Array): string => {
  const crcs = Int32Array.from(clips, (clip) => store.crc(clip));
  return createHash('sha256').update(new Uint8Array(crcs.buffer)).digest('hex');
};
