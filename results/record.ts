/**
 * The record: what one measurement leaves behind. JSON Lines, append-only, one object a line; every table, CSV and
 * chart is a pure function of records. `row` is what tables show; the rest says how it came about.
 */
import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';

export const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type Scalar = z.infer<typeof scalarSchema>;
export type Row = Record<string, Scalar>;

const bytes = z.number().nonnegative().nullable();

export const provenanceSchema = z.object({
  git: z.object({ commit: z.string().nullable(), dirty: z.boolean().nullable() }),
  version: z.string(),
  argv: z.array(z.string()),
  runtime: z.object({ name: z.string(), version: z.string(), os: z.string(), arch: z.string() }),
  host: z.object({
    name: z.string(),
    cpu: z.string(),
    cores: z.number().int(),
    memory_bytes: z.number(),
    load: z.array(z.number()),
  }),
});
export type Provenance = z.infer<typeof provenanceSchema>;

export const recordSchema = z.object({
  schema: z.literal('longconv-record-1'),
  id: z.string().min(1),
  /** Start of the measurement, ISO 8601, UTC. */
  time: z.iso.datetime(),
  suite: z.string().min(1),
  ...provenanceSchema.shape,
  device: z.object({
    id: z.string(),
    name: z.string(),
    vendor: z.string(),
    driver: z.string(),
    features: z.array(z.string()),
    /** null: unknown. */
    memory_bytes: bytes,
    /** A software GPU driver or emulator: its times are not a GPU's. */
    software: z.boolean(),
  }),
  isa: z.string().nullable(),
  threads: z.number().int().nullable(),
  /** Everything that decides what is computed, and its hash: equal hashes are comparable measurements. */
  config: z.record(z.string(), z.json()),
  config_hash: z.string(),
  seeds: z.array(z.number().int()),
  /** `real`, `generated-equivalent`, `stand-in:<name>`, or `synthetic shape`: random values of the task's shape. */
  data: z.object({ kind: z.string(), checksum: z.string().nullable() }),
  /** Per round, in run order. */
  samples: z.object({ unit: z.literal('ms'), clock: z.enum(['wall', 'device']), rounds: z.array(z.array(z.number())) }),
  statistics: z.record(z.string(), z.number().nullable()),
  /** Largest scale-relative error against the float64 reference, checked before timing. */
  error: z
    .object({ value: z.number(), tolerance: z.number(), worst: z.string(), against: z.string(), case: z.string() })
    .nullable(),
  peak_bytes: bytes,
  /** Analytic cost of one sample. */
  flops: bytes,
  bytes,
  /** The ceilings measured in the same run: FLOP/s and B/s. */
  roofline: z.object({ flops: z.number(), bytes: z.number() }).nullable(),
  /** The run was stopped before all rounds were done. */
  interrupted: z.boolean(),
  row: z.record(z.string(), scalarSchema),
});
export type BenchRecord = z.infer<typeof recordSchema>;

/** The schema as JSON Schema, for readers in other languages. */
export const recordJsonSchema = (): object => z.toJSONSchema(recordSchema);

/** Sorts by time of making, unique across processes. */
export const newId = (now = Date.now()): string =>
  `${now.toString(36).padStart(9, '0')}${randomBytes(6).toString('hex')}`;

/** JSON with sorted keys: the same configuration always gives the same text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object')
    return `{${Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`)
      .join(',')}}`;
  return JSON.stringify(value) ?? 'null';
}

export const configHash = (config: unknown): string =>
  createHash('sha256').update(canonical(config)).digest('hex').slice(0, 16);
