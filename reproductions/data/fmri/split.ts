/**
 * Which runs are for training. athms/learning-from-brains, `split_tarfile_paths_train_val`: for each set in order of
 * its name, its tars in order of their paths are shuffled by numpy's `RandomState(1234)` (one stream over all sets);
 * the last max(floor(0.05 n), 2) are held out. Training runs here are exactly those.
 *
 * Published code has no third part upstream: what is held out serves to choose and to report. Here it is halved:
 * the runs that were held out are `validation` and `test` in turn within each set, so nothing is chosen on `test`, and
 * both are runs that the published models were not trained on. Runs of one person can be in every part, as there.
 *
 * (Published code takes a set's tars by `ds-<set>` anywhere in the path, so that a set whose name begins with another
 * set's name would be taken twice. No two upstream sets are known to be like that; here a set's name is compared whole.)
 */
import type { SplitName } from '../dataset.ts';
import { NumpyRandom } from '../torch/numpy-random.ts';
import { byCodeUnit, partsOfName } from './files.ts';

const SEED = 1234;
const HELD_OUT = 0.05;
const LEAST_HELD_OUT = 2;

/** Indices into `names`, which are in order of their paths. The sets alternate, so that a beginning has of all. */
export function splitRuns(names: readonly string[], seed = SEED): Record<SplitName, number[]> {
  const sets = new Map<string, number[]>();
  names.forEach((name, i) => {
    const set = partsOfName(name)!.set;
    const runs = sets.get(set) ?? [];
    sets.set(set, runs);
    runs.push(i);
  });
  const random = new NumpyRandom(seed);
  const split: Record<SplitName, number[][]> = { train: [], validation: [], test: [] };
  for (const set of [...sets.keys()].sort(byCodeUnit)) {
    const runs = [...random.shuffle(Int32Array.from(sets.get(set)!))];
    const cut = Math.max(0, runs.length - Math.max(Math.floor(runs.length * HELD_OUT), LEAST_HELD_OUT));
    const held = runs.slice(cut);
    split.train.push(runs.slice(0, cut));
    split.validation.push(held.filter((_, i) => i % 2 === 0));
    split.test.push(held.filter((_, i) => i % 2 === 1));
  }
  return { train: mix(split.train), validation: mix(split.validation), test: mix(split.test) };
}

/** Lists merged so that each is spread evenly over the whole. */
function mix(lists: readonly number[][]): number[] {
  const placed = lists.flatMap((list, k) => list.map((run, i) => ({ run, k, at: (i + 0.5) / list.length })));
  return placed.sort((a, b) => a.at - b.at || a.k - b.k).map(({ run }) => run);
}
