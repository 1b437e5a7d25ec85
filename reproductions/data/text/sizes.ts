/** How many examples of each split are used. */
import { type SplitName, splitNames } from '../dataset.ts';

/** The beginning of each split: what is asked for, or all there is. Throws `RangeError` when that is not there. */
export function chosenSizes(
  id: string,
  available: Readonly<Record<SplitName, number>>,
  asked: Partial<Record<SplitName, number>> = {},
): Record<SplitName, number> {
  const sizes = { ...available, ...asked };
  for (const split of splitNames)
    if (!(Number.isInteger(sizes[split]) && sizes[split] > 0 && sizes[split] <= available[split]))
      throw new RangeError(`${id}: the ${split} split can have 1 to ${available[split]} samples, not ${sizes[split]}`);
  return sizes;
}
