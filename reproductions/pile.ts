/** What the claims on the Pile share: how long they train for each of the published numbers of tokens. */
import type { Scale } from './claim.ts';
import { deskTraining, known, smokeTraining, type Training } from './language.ts';

/** Steps of 256 windows of 2,048 tokens, and tokens at desk scale. */
export const pileBudgets: Record<string, { title: string; steps: number; desk: number }> = {
  '5b': { title: 'Pile, 5B tokens', steps: 10_000, desk: 3e6 },
  '10b': { title: 'Pile, 10B tokens', steps: 20_000, desk: 6e6 },
  '15b': { title: 'Pile, 15B tokens', steps: 30_000, desk: 9e6 },
};

export function pileTraining(task: string, scale: Scale, lr?: number): Training {
  const { steps, desk } = known(pileBudgets, task, 'budget');
  if (scale === 'smoke') return smokeTraining;
  if (scale === 'desk') return deskTraining(desk, lr);
  return { length: 2048, batch: 256, steps, warmup: steps / 100, evaluateEvery: 1000, evaluationBatch: 16 };
}
