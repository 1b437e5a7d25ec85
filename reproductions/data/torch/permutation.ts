/**
 * The splits of the reference loaders (state-spaces/s4, safari): `torch.utils.data.random_split` with a generator
 * seeded 42. It permutes 0..n-1 once by `torch.randperm` on the CPU and hands out consecutive slices in the order of the
 * lengths, so that the splits here are theirs, index by index.
 */
import { torchRandperm } from '../../../kernels/numerics/mt19937.ts';

/** The seed of the validation splits of S4's and safari's loaders. */
export const SPLIT_SEED = 42;

/**
 * `torch.randperm(n, generator=torch.Generator().manual_seed(seed))` on the CPU: for i = 0..n-2 one 32-bit word u of
 * MT19937, then entries i and i + u mod (n - i) change places. Holds for n below 2^32 / 20, where PyTorch draws 32 bits.
 */
export function randperm(n: number, seed: number): Int32Array {
  if (!(n < 2 ** 32 / 20))
    throw new RangeError(
      `a permutation of ${n} numbers: PyTorch draws 64-bit words from ${Math.ceil(2 ** 32 / 20)} on`,
    );
  return torchRandperm(n, seed);
}

/** `random_split(range(n), lengths)`: one array of indices for each length; the lengths must add up to n. */
export function randomSplit(n: number, lengths: readonly number[], seed = SPLIT_SEED): Int32Array[] {
  const total = lengths.reduce((a, b) => a + b, 0);
  if (lengths.some((length) => !Number.isInteger(length) || length < 0) || total !== n)
    throw new RangeError(`a split of ${n} samples into ${lengths.join(' + ')}: the lengths must add up to ${n}`);
  const order = randperm(n, seed);
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return order.slice(at - length, at);
  });
}

/** `split_train_val(share)` of the loaders: int(n (1 - share)) for training, the rest for validation. */
export function trainValidationSplit(n: number, share: number, seed = SPLIT_SEED): [Int32Array, Int32Array] {
  const train = Math.trunc(n * (1 - share));
  const [a, b] = randomSplit(n, [train, n - train], seed);
  return [a, b];
}
