/** The spoken words: durations beside those measured with espeak-ng 1.51, the rule of the split, and whether it repeats. */
import { UsageError } from '../../../results/terminal/errors.ts';
import { type Comparison, compareNone } from '../comparison.ts';
import { splitNames } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { Draws } from '../draws.ts';
import { speakerOf, splitOf } from '../speech-commands/name-hash.ts';
import { CLIP, type WordCount } from '../speech-commands/words.ts';
import { accents, SPEAKERS, variants, voiceOf } from './espeak.ts';
import { makeClip, planOf, speak } from './make.ts';
import { openTts } from './open.ts';
import { speakerHash } from './plan.ts';

/** Clips that are looked at, and how many of the training clips are spoken a second time. */
const usual = { train: 800, validation: 100, test: 100, again: 100 };

export async function verifyTts(
  count: WordCount,
  options: VerifyOptions,
  { again, ...sizes } = usual,
): Promise<Verified> {
  const { from, ...work } = options;
  if (from !== undefined)
    throw new UsageError(`sc-tts${count} has no files to verify: it is made here by espeak-ng; leave --from out`);
  const data = await openTts(count, { ...work, sizes });
  try {
    const lengths: number[] = [];
    const sets = new Map<string, string>();
    let astray = 0;
    let shared = 0;
    for (const split of splitNames)
      for (let i = 0; i < data.sizes[split]; i++) {
        lengths.push(data.parts.store.facts(data.parts.splits[split].clips[i]).length / CLIP);
        const name = data.nameOf(split, i);
        const speaker = speakerOf(name);
        if (splitOf(name) !== split) astray++;
        if ((sets.get(speaker) ?? split) !== split) shared++;
        sets.set(speaker, split);
      }
    let milliseconds = 0;
    let changed = 0;
    const spoken: number[] = [];
    for (let i = 0; i < again; i++) {
      work.signal?.throwIfAborted();
      const clip = planOf(count, 'train')[i];
      const { samples } = makeClip(clip, 'train', 0);
      const kept = data.samples('train', i);
      if (samples.some((s, t) => s !== kept[t])) changed++;
      const started = performance.now();
      const { rate, x } = speak(clip, 'train', new Draws(0, 'data/sc-tts').start(clip.sample));
      milliseconds += performance.now() - started;
      spoken.push(x.length / rate);
    }
    const names = new Set(Array.from({ length: SPEAKERS }, (_, s) => speakerHash(voiceOf(s))));
    const limit = (of: number) => (count === 35 ? of : null);
    const rows: Comparison[] = [
      compareNone('clips in another split than the rule of their name says', astray),
      compareNone('speakers of two splits', shared),
      near('speakers with a name of their own', names.size, accents.length * variants.length, 0, 'count'),
      compareNone(`clips of ${again} that are not the same when they are made again`, changed),
      // Known for the 35 words at 120 to 200 words a minute, other draws; the ten commands are shorter.
      near('trimmed duration, median of seconds', median(lengths), 0.4, limit(0.05), 'seconds'),
      near('trimmed duration above 1 s', longOf(lengths), 0.003, limit(0.01), 'share'),
      near('spoken duration, median of seconds', median(spoken), 0.76, limit(0.06), 'seconds'),
      near('spoken duration above 1 s', longOf(spoken), 0.14, limit(0.12), 'share'),
      near('seconds to speak 100 clips, on one processor', milliseconds / 10 / again, 2.9, null, ''),
    ];
    return { what: data.description, rows, complaints: [] };
  } finally {
    data.close();
  }
}

const near = (
  quantity: string,
  here: number,
  reference: number,
  limit: number | null,
  measure: string,
): Comparison => ({
  ...{ quantity, here, reference, distance: limit === null ? null : Math.abs(here - reference), limit, measure },
});

const longOf = (seconds: readonly number[]): number => seconds.filter((s) => s > 1).length / seconds.length;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
