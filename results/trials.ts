/**
 * The trials of a search: one record per training run by which a rate was chosen, JSON Lines, append-only, one file per
 * claim. A trial is judged on the validation split and never sees the test split. All trials of a search are kept, and
 * a search gives every model the same rates, steps and seeds (`reproductions/search-verify.ts`).
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { evidenceFolders } from './evidence.ts';
import { canonical, provenanceSchema } from './record.ts';
import { appendRecord, readRecords, showDamage } from './store.ts';
import { progress } from './terminal/output.ts';

const trialSchema = z.object({
  schema: z.literal('longconv-trial-1'),
  id: z.string().min(1),
  /** End of the run, ISO 8601, UTC. */
  time: z.iso.datetime(),
  claim: z.string(),
  task: z.string(),
  model: z.string(),
  scale: z.enum(['smoke', 'desk', 'paper']),
  seed: z.number().int(),
  /** Learning rate that was tried. */
  rate: z.number().positive(),
  /** Name of what else differs from the published network, the same for every model; absent: nothing does. */
  setting: z.string().optional(),
  ...provenanceSchema.shape,
  /** Everything that decides what was computed, and its hash. */
  config: z.record(z.string(), z.json()),
  config_hash: z.string(),
  data: z.object({ id: z.string(), kind: z.string(), checksum: z.string() }),
  metric: z.enum(['accuracy', 'perplexity', 'MAE', 'MSE']),
  /** The split that rates are chosen by. */
  chosen_on: z.literal('validation'),
  steps: z.number().int(),
  /** The step that was best there, and what it got; a run that diverged has none. */
  best_step: z.number().int().nullable(),
  validation: z.object({ loss: z.number(), value: z.number() }).nullable(),
  diverged: z.string().nullable(),
  seconds: z.number(),
  /** SHA-256 of the canonical JSON of the other fields. */
  sha256: z.string(),
});
export type Trial = z.infer<typeof trialSchema>;

export function trialHash({ sha256: _, ...content }: Omit<Trial, 'sha256'> & { sha256?: string }): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}

const file = (folder: string, claim: string) => join(folder, 'searches', `${claim}.jsonl`);

export function appendTrial(content: Omit<Trial, 'sha256'>): Trial {
  const trial = trialSchema.parse({ ...content, sha256: trialHash(content) });
  appendRecord(file(evidenceFolders().own, trial.claim), trial);
  return trial;
}

/** The trials of a claim that came with the package, or this machine's. Damaged ones are named. */
export function readTrials(claim: string, from: 'committed' | 'own'): Trial[] {
  const path = file(evidenceFolders()[from], claim);
  if (!existsSync(path)) return [];
  const { records, damage } = readRecords(path, trialSchema, { own: true });
  for (const d of damage) progress.say(showDamage(d));
  return records;
}
