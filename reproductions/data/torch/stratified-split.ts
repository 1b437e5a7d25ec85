/**
 * scikit-learn's `train_test_split(..., stratify=labels, random_state=seed)`, index by index: one split of
 * `StratifiedShuffleSplit` (checked against scikit-learn 1.2.1).
 */
import { NumpyRandom } from './numpy-random.ts';

export interface StratifiedOptions {
  /** `train_size`: a share in (0, 1), of which floor(share n) are taken, or a number of samples. */
  train: number;
  /** `test_size`: a share, of which ceil(share n) are taken, or a number. Default: what `train` leaves. */
  test?: number;
  /** `random_state`. */
  seed: number;
}

/** Indices of the training and of the test part, in scikit-learn's order. Classes are ordered by their number. */
export function stratifiedSplit(
  labels: ArrayLike<number>,
  { train, test, seed }: StratifiedOptions,
): { train: Int32Array; test: Int32Array } {
  const n = labels.length;
  const trainSize = sizeOf(train, n, Math.floor, 'train');
  const testSize = test === undefined ? n - trainSize : sizeOf(test, n, Math.ceil, 'test');
  if (trainSize + testSize > n)
    throw new RangeError(`a stratified split: ${trainSize} + ${testSize} samples are more than the ${n} there are`);
  const classes = membersOf(labels);
  const counts = classes.map((members) => members.length);
  if (Math.min(...counts) < 2) throw new RangeError('a stratified split: a class has only one sample, two are needed');
  for (const [name, size] of [['train', trainSize] as const, ['test', testSize] as const])
    if (size < classes.length)
      throw new RangeError(
        `a stratified split: ${name} has ${size} samples, which is fewer than the ${classes.length} classes`,
      );
  const random = new NumpyRandom(seed);
  const trainCounts = approximateMode(counts, trainSize, random);
  const left = counts.map((count, c) => count - trainCounts[c]);
  const testCounts = approximateMode(left, testSize, random);
  const parts = { train: [] as number[], test: [] as number[] };
  classes.forEach((members, c) => {
    const order = random.permutation(members.length);
    for (let i = 0; i < trainCounts[c] + testCounts[c]; i++)
      parts[i < trainCounts[c] ? 'train' : 'test'].push(members[order[i]]);
  });
  return { train: random.permutation(parts.train), test: random.permutation(parts.test) };
}

/**
 * scikit-learn's `_approximate_mode`: how many of `draws` samples come from each class. The shares are rounded down,
 * and what is missing goes to the largest remainders, ties by lot.
 */
export function approximateMode(counts: readonly number[], draws: number, random: NumpyRandom): number[] {
  const total = counts.reduce((a, b) => a + b, 0);
  const exact = counts.map((count) => (count / total) * draws);
  const taken = exact.map(Math.floor);
  const remainders = exact.map((share, c) => share - taken[c]);
  let missing = Math.trunc(draws - taken.reduce((a, b) => a + b, 0));
  for (const value of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (missing <= 0) break;
    const tied = remainders.flatMap((remainder, c) => (remainder === value ? [c] : []));
    const chosen = random.choice(tied, Math.min(tied.length, missing));
    for (const c of chosen) taken[c]++;
    missing -= chosen.length;
  }
  return taken;
}

/** Sample numbers of each class, ascending, by ascending label. */
function membersOf(labels: ArrayLike<number>): number[][] {
  const byLabel = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const members = byLabel.get(labels[i]);
    if (members) members.push(i);
    else byLabel.set(labels[i], [i]);
  }
  return [...byLabel].sort(([a], [b]) => a - b).map(([, members]) => members);
}

function sizeOf(size: number, n: number, round: (x: number) => number, name: string): number {
  const share = size > 0 && size < 1;
  if (!share && !(Number.isInteger(size) && size > 0 && size < n))
    throw new RangeError(
      `a stratified split: ${name} is ${size}; give a share between 0 and 1, or 1 to ${n - 1} samples`,
    );
  return share ? round(size * n) : size;
}
