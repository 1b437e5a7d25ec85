/** The evidence of a claim: one record per finished training run, JSON Lines, append-only, one file per claim. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { committedRoot, runsFolder } from './provenance.ts';
import { provenanceSchema } from './record.ts';
import { appendRecord, readRecords, showDamage } from './store.ts';
import { progress } from './terminal/output.ts';

/** `value` is in the metric of the record: a share for accuracy, its own unit otherwise. */
const measured = z.object({ loss: z.number(), value: z.number() });

const evidenceSchema = z.object({
  schema: z.literal('longconv-evidence-2'),
  id: z.string().min(1),
  /** End of the run, ISO 8601, UTC. */
  time: z.iso.datetime(),
  claim: z.string(),
  task: z.string(),
  model: z.string(),
  scale: z.enum(['smoke', 'desk', 'paper']),
  seed: z.number().int(),
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
  /** Everything that decides what was computed, and its hash. */
  config: z.record(z.string(), z.json()),
  config_hash: z.string(),
  data: z.object({
    ...{ id: z.string(), kind: z.string(), description: z.string(), checksum: z.string() },
    /** Of text: bytes (UTF-8) of the test split for each of its tokens. */
    bytes_per_token: z.number().optional(),
  }),
  /** What simple methods get on the test split of the same data. */
  baselines: z.array(z.object({ method: z.string(), metric: z.string(), value: z.number() })).optional(),
  metric: z.enum(['accuracy', 'perplexity', 'MAE', 'MSE']),
  /** What is had without learning: the most frequent class, a token drawn at random, always zero. */
  guess: measured,
  /**
   * The convolution kernels that were learned: roughness (1 for independent taps, 0 for a smooth curve), shares of the
   * power in the first sixteenth and the last half, share of taps that are zero.
   */
  kernels: z
    .array(
      z.object({
        ...{ block: z.number().int(), mixer: z.string() },
        ...{ roughness: z.number(), early: z.number(), late: z.number(), zeros: z.number() },
      }),
    )
    .optional(),
  parameters: z.number().int(),
  steps: z.number().int(),
  /** Step whose parameters were tested: the best on the validation split. */
  best_step: z.number().int(),
  validation: measured,
  /** `count`: predictions that were judged. */
  test: measured.extend({ count: z.number().int() }),
  /** Tests of the same parameters on other data, at another sampling rate: every `rate`-th sample. */
  further: z
    .array(
      measured.extend({
        ...{ task: z.string(), rate: z.number().int(), count: z.number().int() },
        data: z.object({ id: z.string(), kind: z.string(), description: z.string(), checksum: z.string() }),
      }),
    )
    .optional(),
  /** Training alone, without evaluations, over all sessions. */
  seconds: z.number(),
  examples: z.number().int(),
  tokens: z.number().int(),
  peak_bytes: z.number(),
});
export type Evidence = z.infer<typeof evidenceSchema>;

/** Where evidence is: what came with the package, and what this machine made. */
export const evidenceFolders = () => ({
  committed: join(committedRoot(), 'results', 'evidence'),
  own: join(runsFolder(), 'evidence'),
});

export function appendEvidence(record: Evidence): string {
  const file = join(evidenceFolders().own, `${record.claim}.jsonl`);
  appendRecord(file, evidenceSchema.parse(record));
  return file;
}

export type EvidenceSource = 'committed' | 'own' | 'both';

/** The records of a claim: those that came with the package, then this machine's own. Damaged ones are named. */
export const readEvidence = (claim: string, from: EvidenceSource = 'both'): Evidence[] =>
  readSources(claim, evidenceSchema, from);

/** As `readEvidence`, of records of another kind in the same folders: each once, for what was kept is in both. */
export function readSources<T extends { id: string }>(claim: string, schema: z.ZodType<T>, from: EvidenceSource): T[] {
  const folders = evidenceFolders();
  const wanted = from === 'both' ? [folders.committed, folders.own] : [folders[from]];
  const records = new Map<string, T>();
  for (const file of wanted.map((folder) => join(folder, `${claim}.jsonl`)).filter((path) => existsSync(path))) {
    const read = readRecords(file, schema, { own: true });
    for (const d of read.damage) progress.say(showDamage(d));
    for (const record of read.records) if (!records.has(record.id)) records.set(record.id, record);
  }
  return [...records.values()];
}
