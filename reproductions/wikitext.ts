/** What the claims on WikiText-103 share: how long they train at each scale, and their rates. */
import type { DataOptions, Scale } from './claim.ts';
import { deskTokens, deskTraining, openLanguageData, smokeTraining, type Training } from './language.ts';

/**
 * Paper: safari's configs/experiment/wt103/base.yaml: 100 epochs of the 117,920,140 tokens, 224 whole batches each, of
 * windows of 1,024; the first hundredth warms up.
 */
export function wikiTextTraining(scale: Scale, lr?: number): Training {
  if (scale === 'smoke') return smokeTraining;
  if (scale === 'desk') return deskTraining(deskTokens, lr);
  return { length: 1024, batch: 512, steps: 22_400, warmup: 224, evaluateEvery: 224, evaluationBatch: 32 };
}

/** The text in the windows that a scale trains on. */
export const openWikiText = (scale: Scale, options: DataOptions) =>
  openLanguageData('wikitext-103', wikiTextTraining(scale).length, scale, options);

/**
 * Rates at desk scale, on the Brown corpus: the best on validation data of `deskSearch`, each model at the same five, found
 * by `repro search butterfly-wikitext103`. Models that are not here run at `deskRate`.
 */
export const wikiTextRates = {
  ...{ butterfly: 0.005, 'long-conv': 0.005, transformer: 0.002, 'transformer-thin': 0.01 },
} as const;
