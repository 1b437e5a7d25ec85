/** Which clips train, validate and test, in which order. */
import type { SplitName } from '../dataset.ts';
import { Draws } from '../draws.ts';
import { stratifiedSplit } from '../torch/stratified-split.ts';
import type { ClipStore } from './clip-store.ts';
import type { ClipSplit } from './clips.ts';
import { type Recordings, readList, TESTING_LIST, VALIDATION_LIST } from './recordings.ts';
import { CLIP } from './words.ts';

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

export type Splits = Record<SplitName, ClipSplit> & {
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
