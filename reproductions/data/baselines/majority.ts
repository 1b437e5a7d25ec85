/** Always the class that is most frequent in the training split. */
import type { Dataset } from '../dataset.ts';
import type { Baseline } from '../definition.ts';

/** Of several that are as frequent, the first. */
export function mostFrequent(counts: readonly number[]): number {
  return counts.indexOf(Math.max(...counts));
}

export function majorityAccuracy(train: readonly number[], test: readonly number[]): number {
  return test[mostFrequent(train)] / test.reduce((a, b) => a + b, 0);
}

/** `reference` is the value known for these data. */
export const majority = (data: Dataset, reference?: number): Baseline => ({
  ...{ method: 'majority class', metric: 'accuracy' },
  value: majorityAccuracy(data.labelCounts('train'), data.labelCounts('test')),
  ...(reference === undefined ? {} : { reference }),
});
