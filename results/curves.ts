/**
 * The courses of kept runs: one small record for a record of evidence, JSON Lines, append-only, one file per claim in
 * `evidence/curves/`. They are there to be drawn; a record of evidence may have none.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { evidenceFolders } from './evidence.ts';
import { keptKernelSchema } from './kernels.ts';
import { appendRecord, readRecords, showDamage } from './store.ts';
import { progress } from './terminal/output.ts';

const step = z.number().int().positive();

const curveSchema = z.object({
  schema: z.literal('longconv-curve-1'),
  /** Id of the record of evidence, and its claim. */
  evidence: z.string().min(1),
  claim: z.string().min(1),
  /** Mean training loss over equal parts of the run: last step of the part, loss. */
  training: z.array(z.tuple([step, z.number()])).min(1),
  /** Every evaluation on the validation split: step, loss, value in the metric of the record. */
  validation: z.array(z.tuple([step, z.number(), z.number()])).min(1),
  /** What the first convolution has become; absent: there is none, or it was not drawn. */
  kernel: keptKernelSchema.optional(),
});
export type Curve = z.infer<typeof curveSchema>;

const fileOf = (claim: string): string => join(evidenceFolders().committed, 'curves', `${claim}.jsonl`);

export const keepCurve = (curve: Curve): void => appendRecord(fileOf(curve.claim), curveSchema.parse(curve));

/** The kept curves of a claim's runs, by the id of their evidence. Damaged ones are named. */
export function readCurves(claim: string): Map<string, Curve> {
  const file = fileOf(claim);
  if (!existsSync(file)) return new Map();
  const { records, damage } = readRecords(file, curveSchema, { own: true });
  for (const d of damage) progress.say(showDamage(d));
  return new Map(records.map((curve) => [curve.evidence, curve]));
}
