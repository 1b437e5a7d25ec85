/**
 * The evidence of a claim that is measured, not trained: one record per finished measurement, JSON Lines,
 * append-only, in the same folders as the evidence of training runs. `observations` is what was seen (the records of a
 * suite with their rounds, or counts); `rows` is a pure function of it, kept so that readers need not know the function.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { type EvidenceSource, evidenceFolders, readSources } from './evidence.ts';
import { canonical, provenanceSchema, scalarSchema } from './record.ts';
import { appendRecord } from './store.ts';

const limit = z.number().nullable();

const measuredRowSchema = z.object({
  /** Id of the claim's case and system. */
  case: z.string(),
  system: z.string(),
  /** Length of the sequences; null where that means nothing. */
  length: z.number().int().nullable(),
  /** In the unit of the case, with its 95 % interval; nulls for what is counted, not sampled. */
  value: z.number(),
  low: limit,
  high: limit,
  unit: z.string(),
  /** What it was computed from. */
  details: z.record(z.string(), scalarSchema),
});
export type MeasuredRow = z.infer<typeof measuredRowSchema>;

const observationSchema = z.record(z.string(), z.json());
/** One thing that was seen: what decides what it is, and its numbers. */
export type Observation = z.infer<typeof observationSchema>;

const measurementSchema = z.object({
  schema: z.literal('longconv-measurement-1'),
  id: z.string().min(1),
  /** End of the measurement, ISO 8601, UTC. */
  time: z.iso.datetime(),
  claim: z.string(),
  scale: z.enum(['smoke', 'desk', 'paper']),
  ...provenanceSchema.shape,
  device: z.object({
    id: z.string(),
    name: z.string(),
    vendor: z.string(),
    driver: z.string(),
    features: z.array(z.string()),
    software: z.boolean(),
    threads: z.number().int().nullable(),
  }),
  /** Everything that decides what was measured, and its hash. */
  config: z.record(z.string(), z.json()),
  config_hash: z.string(),
  observations: z.array(observationSchema).min(1),
  /** SHA-256 of the observations as canonical JSON. */
  observations_hash: z.string(),
  rows: z.array(measuredRowSchema).min(1),
  seconds: z.number(),
});
export type MeasurementEvidence = z.infer<typeof measurementSchema>;

export const observationsHash = (observations: readonly Observation[]): string =>
  createHash('sha256').update(canonical(observations)).digest('hex');

export function appendMeasurement(record: MeasurementEvidence): string {
  const file = join(evidenceFolders().own, `${record.claim}.jsonl`);
  appendRecord(file, measurementSchema.parse(record));
  return file;
}

/** The records of a claim: those that came with the package, then this machine's own. Damaged ones are named. */
export const readMeasurements = (claim: string, from: EvidenceSource = 'both'): MeasurementEvidence[] =>
  readSources(claim, measurementSchema, from);
