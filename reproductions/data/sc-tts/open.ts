/**
 * The words of Speech Commands as espeak-ng speaks them: 693 speakers (99 voices in 7 accents), each clip with its own
 * speed, pitch, place, loudness and noise, split by the rule of Speech Commands on the speaker's name. Nobody recorded
 * anything: it has the shape of the task, and no accuracy on it can be held against a published one.
 */

import { UsageError } from '../../../results/terminal/errors.ts';
import { keyHash } from '../cache.ts';
import { type DataKind, type SplitName, splitNames } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { type PoolOptions, runJob } from '../pool.ts';
import { ClipStore } from '../speech-commands/clip-store.ts';
import { type ClipSplit, SpeechClips } from '../speech-commands/clips.ts';
import { gather } from '../speech-commands/decode.ts';
import { requireSound, type SoundOptions, saying, standardOfClips } from '../speech-commands/sound.ts';
import { unitOf } from '../speech-commands/standardise.ts';
import { type WordCount, wordsOf } from '../speech-commands/words.ts';
import { espeakEngine, SPEAKERS } from './espeak.ts';
import { fliteVersion, fliteVoices } from './flite.ts';
import { type Part, planOf } from './make.ts';

export interface TtsOptions extends OpenOptions, SoundOptions {
  /** "flite": the test split is spoken by flite's four voices, an engine that the training clips do not know. */
  test?: 'espeak' | 'flite';
}

/** Clips of a file: 16 MB. */
const SHARD = 512;
const RECIPE = 1;

export async function openTts(count: WordCount, options: TtsOptions): Promise<SpeechClips> {
  const id = `sc-tts${count}`;
  const { seed = 0, rate = 1, scale = 'unit', statistics = 'one', features = 'raw', test = 'espeak' } = options;
  requireSound(id, { rate, scale, statistics, features });
  if (options.folder !== undefined)
    throw new UsageError(`${id} has no files: it is made here by espeak-ng; leave the folder out`);
  if (test !== 'espeak' && test !== 'flite')
    throw new RangeError(`${id}: the test split is spoken by ${test}; it can be espeak or flite`);
  const engine = espeakEngine();
  const parts: Record<SplitName, Part> = {
    train: 'train',
    validation: 'validation',
    test: test === 'flite' ? test : 'test',
  };
  const sizes = sizesOf(id, count, parts, options.sizes);
  const total = splitNames.reduce((n, split) => n + sizes[split], 0);
  const store = new ClipStore();
  const splits = {} as Record<SplitName, ClipSplit>;
  const names: string[] = [];
  for (const split of splitNames) {
    const part = parts[split];
    const plan = planOf(count, part).slice(0, sizes[split]);
    const first = store.clips;
    for (let start = 0; start < plan.length; start += SHARD) {
      options.signal?.throwIfAborted();
      const range = { start, count: Math.min(SHARD, plan.length - start) };
      const by = part === 'flite' ? { version: fliteVersion() } : engine;
      const key = { dataset: id, recipe: RECIPE, seed, part, ...range, ...by };
      const before = store.clips;
      const pool: PoolOptions = { chunk: 16, progress: (done) => options.progress?.(before + done, total) };
      if (options.workers !== undefined) pool.workers = options.workers;
      if (options.signal) pool.signal = options.signal;
      const make = async () =>
        gather(
          await runJob(new URL('./make.ts', import.meta.url).href, 'makeClips', { count, part, seed }, range, pool),
          range.count,
        );
      await store.add({ name: `${id}/${part}-${start}-${keyHash(key)}`, key, clips: range.count, make });
    }
    splits[split] = {
      clips: Int32Array.from(plan, (_, i) => first + i),
      labels: Int32Array.from(plan, ({ label }) => label),
    };
    names.push(...plan.map(({ name }) => name));
  }
  const standard = await standardOfClips(store, splits.train.clips, { scale, statistics, features }, options);
  const kind: DataKind = `stand-in:${id}`;
  return new SpeechClips({
    ...{ id, kind, words: wordsOf(count), store, splits, standard, rate },
    ...(features === 'mfcc' ? { mfccOf: unitOf(scale) } : {}),
    description:
      `the ${count} words of Speech Commands spoken by ${engine.version} (${SPEAKERS} voices, seed ${seed}, ` +
      `${splitNames.map((split) => sizes[split]).join(' / ')} clips)` +
      `${test === 'flite' ? `, tested on ${fliteVoices.length} voices of ${fliteVersion()}` : ''}` +
      `${rate === 2 ? ', every second sample' : ''}; ${saying({ scale, statistics, features }, standard)}`,
    nameOf: (clip) => names[clip],
    reopen: {
      ...{ module: import.meta.url, name: 'reopenTts' },
      settings: { count, seed, sizes: options.sizes ?? {}, rate, scale, statistics, features, test },
    },
  });
}

/** Opens the same data in a worker: everything is in the cache by then. */
export const reopenTts = ({ count, ...options }: TtsOptions & { count: WordCount }) => openTts(count, options);

function sizesOf(
  id: string,
  count: WordCount,
  parts: Record<SplitName, Part>,
  wanted: Partial<Record<SplitName, number>> = {},
): Record<SplitName, number> {
  const sizes = { train: 0, validation: 0, test: 0 };
  for (const split of splitNames) {
    const full = planOf(count, parts[split]).length;
    const size = wanted[split] ?? full;
    if (!(Number.isInteger(size) && size > 0 && size <= full))
      throw new RangeError(`${id}: the ${split} split can have 1 to ${full} clips, not ${size}`);
    sizes[split] = size;
  }
  return sizes;
}
