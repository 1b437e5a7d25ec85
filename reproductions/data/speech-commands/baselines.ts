/** What a linear classifier gets on words: almost nothing on raw samples, much on the energies of bands. */
import { type RidgeResult, ridge } from '../baselines/ridge.ts';
import type { SplitName } from '../dataset.ts';
import type { Baseline, WorkOptions } from '../definition.ts';
import type { SpeechClips } from './clips.ts';
import { bandRows, type Clips, columnsOf, rawFeatures, standardised } from './features.ts';
import { BAND_FEATURES } from './log-bands.ts';

/** Training clips that the classifier of raw samples sees: as many as the known value was measured with. */
export const RAW_CLIPS = 1600;
/** And that of bands: 60 MB of features. */
const BAND_CLIPS = 20_000;
/** For raw samples, whose sd is near 0.1: lambdas that matter to sums of their squares. */
const rawLambdas = [1, 10, 100, 1000] as const;

export const clipsOf = (data: SpeechClips, split: SplitName, most = data.sizes[split]): Clips => {
  const n = Math.min(most, data.sizes[split]);
  return {
    labels: data.parts.splits[split].labels.subarray(0, n),
    read: (index, into) => data.samples(split, index, into),
  };
};

/** Ridge regression on raw samples. */
export const rawRidge = (
  classes: number,
  train: Clips,
  validation: Clips,
  test: Clips,
  { signal }: WorkOptions,
  lambdas: readonly number[] = rawLambdas,
): Promise<RidgeResult> =>
  ridge(rawFeatures(train), rawFeatures(validation), rawFeatures(test), {
    ...{ classes, lambdas },
    ...(signal ? { signal } : {}),
  });

/** Ridge regression on 24 x 32 energies of bands, for each of several sets to test on. */
export async function bandRidge(
  classes: number,
  train: Clips,
  validation: Clips,
  tests: readonly Clips[],
  work: WorkOptions,
  lambdas?: readonly number[],
): Promise<RidgeResult[]> {
  const rows = await bandRows(train, work);
  const columns = columnsOf(rows, BAND_FEATURES);
  const learn = standardised(rows, train.labels, columns);
  const choose = standardised(await bandRows(validation, work), validation.labels, columns);
  const results: RidgeResult[] = [];
  for (const test of tests) {
    const look = standardised(await bandRows(test, work), test.labels, columns);
    const options = { classes, ...(lambdas ? { lambdas } : {}), ...(work.signal ? { signal: work.signal } : {}) };
    results.push(await ridge(learn, choose, look, options));
  }
  return results;
}

/** On the data's own splits, and on further clips after what `beyond` calls them. */
export async function speechBaselines(
  data: SpeechClips,
  work: WorkOptions,
  beyond: Record<string, Clips> = {},
): Promise<Baseline[]> {
  const [validation, test] = [clipsOf(data, 'validation', 4000), clipsOf(data, 'test')];
  const few = clipsOf(data, 'train', RAW_CLIPS);
  const many = clipsOf(data, 'train', BAND_CLIPS);
  const raw = await rawRidge(data.classes, few, validation, test, work);
  const bands = await bandRidge(data.classes, many, validation, [test, ...Object.values(beyond)], work);
  const accuracy = (method: string, value: number): Baseline => ({ method, metric: 'accuracy', value });
  return [
    accuracy(`ridge on raw samples (${few.labels.length} training clips)`, raw.test),
    ...['', ...Object.keys(beyond).map((name) => `, ${name}`)].map((name, i) =>
      accuracy(`ridge on 24 x 32 log bands, centred${name}`, bands[i].test),
    ),
  ];
}
