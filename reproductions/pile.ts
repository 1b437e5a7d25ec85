/** What the claims on the Pile share: how long they train for each of the published numbers of tokens, and their rates. */
import type { Scale } from './claim.ts';
import { deskTokens, deskTraining, known, smokeTraining, type Training } from './language.ts';

/** Steps of 256 windows of 2,048 tokens, and tokens at desk scale. */
export const pileBudgets: Record<string, { title: string; steps: number; desk: number }> = {
  '5b': { title: 'Pile, 5B tokens', steps: 10_000, desk: deskTokens },
  '10b': { title: 'Pile, 10B tokens', steps: 20_000, desk: 2 * deskTokens },
  '15b': { title: 'Pile, 15B tokens', steps: 30_000, desk: 3 * deskTokens },
};

export function pileTraining(task: string, scale: Scale, lr?: number): Training {
  const { steps, desk } = known(pileBudgets, task, 'budget');
  if (scale === 'smoke') return smokeTraining;
  if (scale === 'desk') return deskTraining(desk, lr);
  return { length: 2048, batch: 256, steps, warmup: steps / 100, evaluateEvery: 1000, evaluationBatch: 16 };
}

/**
 * Rates at desk scale, on the stand-in for the Pile: the best on validation data of `deskSearch`, each model at the same
 * five. `repro search longconv-pile` is for the first three, `repro search hyena-pile` for the others; the claims whose
 * plans are equal take them from here.
 */
export const pileRates = {
  ...{ 'h3-long-conv': 0.02, 'h3-hybrid': 0.01, transformer: 0.01 },
  ...{ hyena: 0.002, h3: 0.005 },
} as const;
