/** Whether two texts belong together, by the cosine of their TF-IDF vectors and one threshold chosen on training pairs. */
import type { SplitName } from '../dataset.ts';
import type { Baseline, WorkOptions } from '../definition.ts';
import type { CharacterTexts } from '../text/character-texts.ts';
import { cosine, TfIdf, type Vector, wordsOf } from './tf-idf.ts';
import { bestThreshold, thresholdAccuracy } from './threshold.ts';

/** Training pairs from which frequencies of words and the threshold are taken. */
const FITTED = 4_000;
/** Most vectors in memory, about 20 KB each. */
const KEPT = 5_000;
/** Between two looks at the signal. */
const AT_ONCE = 50;

export async function similarPairs(
  data: CharacterTexts,
  reference: number | undefined,
  { signal, progress }: WorkOptions = {},
): Promise<Baseline> {
  const fitted = Math.min(FITTED, data.sizes.train);
  const total = 2 * fitted + data.sizes.test;
  let done = 0;
  const pause = async () => {
    if (done++ % AT_ONCE) return;
    signal?.throwIfAborted();
    progress?.(done, total);
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const tfIdf = new TfIdf();
  for (let i = 0; i < fitted; i++) {
    await pause();
    for (const side of [0, 1] as const) tfIdf.add(wordsOf(data.text('train', i, side)));
  }
  // Where texts occur in many pairs their vectors are kept.
  const kept = new Map<string, Vector>();
  const vectorOf = (text: string): Vector => {
    const vector = kept.get(text) ?? tfIdf.vector(wordsOf(text));
    if (kept.size < KEPT) kept.set(text, vector);
    return vector;
  };
  const similarities = async (split: SplitName, count: number) => {
    const values: number[] = [];
    const yes: boolean[] = [];
    for (let i = 0; i < count; i++) {
      await pause();
      values.push(cosine(vectorOf(data.text(split, i, 0)), vectorOf(data.text(split, i, 1))));
      yes.push(data.label(split, i) === 1);
    }
    return [values, yes] as const;
  };
  const { from } = bestThreshold(...(await similarities('train', fitted)));
  const value = thresholdAccuracy(from, ...(await similarities('test', data.sizes.test)));
  const method = `TF-IDF cosine, threshold ${from.toFixed(3)} from ${fitted} training pairs`;
  return { method, metric: 'accuracy', value, ...(reference === undefined ? {} : { reference }) };
}
