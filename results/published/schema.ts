/**
 * The schema of published numbers: one JSON file per claim in this folder, named by its id. A row is one cell of
 * a paper's table. `provenance` says where the number was read; how far it can be trusted follows from that alone
 * (`confidenceOf`) and is not stored.
 */
import * as z from 'zod';

const provenances = ['paper', 'repo-config', 'repo-readme', 'blog', 'secondary', 'summary', 'memory'] as const;
export type PublishedProvenance = (typeof provenances)[number];

const text = z.string().min(1);

const rowSchema = z.strictObject({
  model: text,
  task: text,
  /** null: published, but the figure was not found; or a failure, see `failed`. */
  value: z.number().nullable(),
  unit: text,
  provenance: z.enum(provenances),
  /** Where it was read. */
  reference: text,
  /** A published failure: chance level. */
  failed: z.literal(true).optional(),
  /** Standard deviation over seeds, as published. */
  deviation: z.number().nonnegative().optional(),
  /** For numbers that were not read at their source: how sure whoever gave them was. */
  recall: z.enum(['low', 'medium', 'high']).optional(),
  /** Another place that gives the same number. */
  alsoIn: text.optional(),
  /** For averages: which tasks they are the mean of. */
  average: text.optional(),
  note: text.optional(),
  /** Length of the sequences. */
  length: z.number().int().positive().optional(),
  /** Further conditions or results of the same cell. */
  details: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});
export type PublishedRow = z.infer<typeof rowSchema>;

export const claimSchema = z.strictObject({
  schema: z.literal('longconv-published-1'),
  id: z.string().regex(/^[a-z0-9-]+$/),
  title: text,
  paper: z.strictObject({
    title: text,
    arxiv: z
      .string()
      .regex(/^\d{4}\.\d{5}$/)
      .nullable(),
  }),
  /** The tables and texts that the rows come from. */
  source: text,
  metric: z.strictObject({ name: text, unit: text, higherIsBetter: z.boolean() }),
  /** null: not stated. */
  hardware: text.nullable(),
  protocol: text.nullable(),
  /** What to keep in mind before comparing. */
  cautions: z.array(text),
  /** What the paper says in words. */
  statement: text.optional(),
  /** Published settings that belong to the rows, by name; `*` stands for a task. */
  configurations: z.array(text),
  rows: z.array(rowSchema).min(1),
});
export type PublishedClaim = z.infer<typeof claimSchema>;

export type Confidence = 'confirmed' | 'second hand' | 'from memory';

/** The paper, the authors' repository or their blog confirm a number; a listing or a summary is second hand. */
export function confidenceOf(provenance: PublishedProvenance): Confidence {
  if (provenance === 'memory') return 'from memory';
  return provenance === 'secondary' || provenance === 'summary' ? 'second hand' : 'confirmed';
}
