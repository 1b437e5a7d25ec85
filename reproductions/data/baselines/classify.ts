/** Naive Bayes on a dataset: trained on its training split, tested on its test split. */
import type { Baseline, WorkOptions } from '../definition.ts';
import type { LabelledRows } from '../text/labelled-rows.ts';
import { NaiveBayes, type NaiveBayesOptions } from './naive-bayes.ts';

/** Between two looks at the signal. */
const AT_ONCE = 100;

export async function naiveBayes(
  data: LabelledRows,
  {
    method,
    reference,
    ...options
  }: { method: string; reference?: number } & Omit<NaiveBayesOptions, 'classes' | 'vocabulary'>,
  { signal, progress }: WorkOptions = {},
): Promise<Baseline> {
  const model = new NaiveBayes({ ...options, classes: data.classes, vocabulary: data.input.vocabulary });
  const total = data.sizes.train + data.sizes.test;
  const pause = async (done: number) => {
    if (done % AT_ONCE) return;
    signal?.throwIfAborted();
    progress?.(done, total);
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  for (let i = 0; i < data.sizes.train; i++) {
    await pause(i);
    model.train(data.tokens('train', i), data.label('train', i));
  }
  let right = 0;
  for (let i = 0; i < data.sizes.test; i++) {
    await pause(data.sizes.train + i);
    if (model.classify(data.tokens('test', i)) === data.label('test', i)) right++;
  }
  const known = reference === undefined ? {} : { reference };
  return { method, metric: 'accuracy', value: right / data.sizes.test, ...known };
}
