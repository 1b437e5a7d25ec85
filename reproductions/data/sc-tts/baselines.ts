/**
 * The linear baselines of the spoken words: on their own splits, on flite, and, for ten words, in the setting that values
 * are known for: one accent, a fifth of its voice variants held out.
 */
import { type SplitName, splitNames } from '../dataset.ts';
import type { Baseline, WorkOptions } from '../definition.ts';
import { bandRidge, clipsOf, rawRidge, speechBaselines } from '../speech-commands/baselines.ts';
import type { SpeechClips } from '../speech-commands/clips.ts';
import type { Clips } from '../speech-commands/features.ts';
import type { WordCount } from '../speech-commands/words.ts';
import { accents } from './espeak.ts';
import { planOf } from './make.ts';
import { openTts, type TtsOptions } from './open.ts';
import { fullSizes } from './plan.ts';

/** Measured on 10 words of 101 variants, 1 in 5 of them held out: chance is 10 %. */
const known = { raw: 0.117, bands: 0.905, flite: 0.525 };

export async function ttsBaselines(count: WordCount, data: SpeechClips, work: WorkOptions): Promise<Baseline[]> {
  const { seed, test } = data.reopen.settings as TtsOptions;
  if (test === 'flite') return speechBaselines(data, work);
  const { train, validation } = data.sizes;
  const flite = await openTts(count, { ...work, seed: seed ?? 0, sizes: { train, validation }, test: 'flite' });
  try {
    const spoken = clipsOf(flite, 'test');
    const own = await speechBaselines(data, work, { 'tested on flite': spoken });
    return [...own, ...(await heldOutVariants(count, data, spoken, work))];
  } finally {
    flite.close();
  }
}

async function heldOutVariants(
  count: WordCount,
  data: SpeechClips,
  flite: Clips,
  work: WorkOptions,
): Promise<Baseline[]> {
  const full = fullSizes(count);
  // A part of the clips would be another setting.
  if (count !== 10 || splitNames.some((split) => data.sizes[split] < full[split])) return [];
  const [train, test] = [
    oneAccent(data, (variant) => variant % 5 !== 4),
    oneAccent(data, (variant) => variant % 5 === 4),
  ];
  // Nothing is chosen: the test set takes the place of the validation set.
  const raw = await rawRidge(data.classes, train, test, test, work, [100]);
  const [bands, domain] = await bandRidge(data.classes, train, test, [test, flite], work, [100]);
  const row = (method: string, value: number, reference: number): Baseline => ({
    ...{ method: `one accent, 1 in 5 voices held out: ${method}`, metric: 'accuracy', value, reference },
  });
  return [
    row('ridge on raw samples', raw.test, known.raw),
    row('ridge on 24 x 32 log bands, centred', bands.test, known.bands),
    row('the same, tested on flite', domain.test, known.flite),
  ];
}

/** All clips of the first accent whose variant is wanted, whatever split they are in. */
function oneAccent(data: SpeechClips, isWanted: (variant: number) => boolean): Clips {
  const found: { split: SplitName; index: number; label: number }[] = splitNames.flatMap((split) =>
    planOf(10, split)
      .map(({ speaker, label }, index) => ({ split, index, label, speaker }))
      .filter(({ speaker }) => speaker % accents.length === 0 && isWanted(Math.floor(speaker / accents.length))),
  );
  return {
    labels: found.map(({ label }) => label),
    read: (i, into) => data.samples(found[i].split, found[i].index, into),
  };
}
