/** How the sound of a clip is given to a model: the options, what they may be, and the mean and sd of training clips. */
import { createHash } from 'node:crypto';
import { cached, keyHash } from '../cache.ts';
import type { WorkOptions } from '../definition.ts';
import type { ClipStore } from './clip-store.ts';
import type { Rate } from './clips.ts';
import { type DroppedSamples, momentsOfKept } from './dropped.ts';
import { mfccMoments } from './mfcc-moments.ts';
import {
  EPSILON,
  momentsOf,
  type Scale,
  type Standard,
  type Statistics,
  scales,
  standardOf,
  statisticsKinds,
  stepMoments,
  unitOf,
} from './standardise.ts';

export interface SoundOptions {
  /** 2: every second sample, the 8 kHz of the zero-shot test. Default 1. */
  rate?: Rate;
  /** Default "unit". */
  scale?: Scale;
  /** Default "one". */
  statistics?: Statistics;
  /** "mfcc": 161 steps of 20 coefficients (`mfcc.ts`), each with its own mean and sd. Default "raw". */
  features?: 'raw' | 'mfcc';
}

export type Standardising = Required<Omit<SoundOptions, 'rate'>>;

/** Half a sentence on how the samples were standardised. */
export function saying({ scale, statistics, features }: Standardising, { sd }: Standard): string {
  const twice = scale === 'twice' ? ' after dividing by 2^15 twice' : '';
  if (features === 'mfcc') return `20 MFCC in 161 steps${twice}, each standardised over the training clips`;
  const by = statistics === 'one' ? 'by one mean and sd of the training clips' : 'step by step over the training clips';
  return `standardised ${by}${twice ? `,${twice}: sd ${sd.toPrecision(2)}` : ' to sd 1'}`;
}

export function requireSound(id: string, { rate, scale, statistics, features }: Required<SoundOptions>): void {
  if (rate !== 1 && rate !== 2) throw new RangeError(`${id}: the rate is ${rate}; it can be 1 or 2`);
  if (!scales.includes(scale)) throw new RangeError(`${id}: the scale is ${scale}; it can be ${scales.join(' or ')}`);
  if (!statisticsKinds.includes(statistics))
    throw new RangeError(`${id}: the statistics are ${statistics}; they can be ${statisticsKinds.join(' or ')}`);
  if (features !== 'raw' && features !== 'mfcc')
    throw new RangeError(`${id}: the features are ${features}; they can be raw or mfcc`);
  if (features === 'mfcc' && (rate === 2 || statistics === 'steps'))
    throw new RangeError(
      `${id}: MFCC are of the full rate, each coefficient with its own mean: leave rate and statistics`,
    );
}

/** From the training clips; moments of each step are kept in the cache. */
export async function standardOfClips(
  store: ClipStore,
  clips: Int32Array,
  { scale, statistics, features }: Standardising,
  work: WorkOptions = {},
): Promise<Standard> {
  if (features === 'mfcc') {
    const key = { dataset: 'speech-mfcc', recipe: 1, scale, clips: digestOf(store, clips) };
    const file = `speech-commands/mfcc-${keyHash(key)}.lcd`;
    const { mean, sd } = await cached(file, key, () => mfccMoments(store, clips, unitOf(scale), work));
    return { mean: Float64Array.from(mean), factor: Float64Array.from(sd, (s) => 1 / (s + EPSILON)), sd: 1 };
  }
  if (statistics === 'one') {
    const { mean, sd } = momentsOf(store, clips);
    return standardOf(scale, { mean: [mean], sd: [sd] });
  }
  const key = { dataset: 'speech-steps', recipe: 1, clips: digestOf(store, clips) };
  const file = `speech-commands/steps-${keyHash(key)}.lcd`;
  const { mean, sd } = await cached(file, key, () => stepMoments(store, clips, work.progress, work.signal));
  return standardOf(scale, { mean, sd });
}

/** The same, of the samples that are there. */
export async function standardOfKept(
  store: ClipStore,
  clips: Int32Array,
  dropped: DroppedSamples,
  { scale, statistics }: Standardising,
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
