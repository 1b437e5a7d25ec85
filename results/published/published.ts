/** Published numbers: loading, finding rows, and writing them so that nobody mistakes hearsay for a source. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Confidence, claimSchema, confidenceOf, type PublishedClaim, type PublishedRow } from './schema.ts';

const folder = dirname(fileURLToPath(import.meta.url));
const loaded = new Map<string, PublishedClaim>();

export const publishedIds = (): string[] =>
  readdirSync(folder)
    .filter((f) => f.endsWith('.json'))
    .map((f) => f.slice(0, -5))
    .sort();

/** The published numbers of a claim. Throws one sentence when there are none, or when the file is not valid. */
export function loadPublished(id: string): PublishedClaim {
  const known = loaded.get(id);
  if (known) return known;
  const path = join(folder, `${id}.json`);
  if (!existsSync(path)) throw new Error(`there are no published numbers named "${id}"`);
  const parsed = claimSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0];
    throw new Error(`${path} does not follow the schema: ${at.join('.') || 'top level'}: ${message}`);
  }
  loaded.set(id, parsed.data);
  return parsed.data;
}

/** Rows of a claim, by model, task or both, in the order of the file. */
export const findRows = (id: string, where: { model?: string; task?: string } = {}): PublishedRow[] =>
  loadPublished(id).rows.filter(
    (row) =>
      (where.model === undefined || row.model === where.model) && (where.task === undefined || row.task === where.task),
  );

/** The one row of a model and a task. Throws when there is none or more than one. */
export function findRow(id: string, model: string, task: string): PublishedRow {
  const rows = findRows(id, { model, task });
  if (rows.length !== 1) throw new Error(`${id} has ${rows.length} rows for ${model} on ${task}, not one`);
  return rows[0];
}

export const rowConfidence = (row: PublishedRow): Confidence => confidenceOf(row.provenance);

/**
 * A cell for tables. Confirmed: `62.2`, `59.6 +- 0.07`; second hand: `~7 (second hand)`; recalled: `~62.2 (from
 * memory)`; a failure: `failed`; not found: `?`, with the same marks behind.
 */
export function formatRow(row: PublishedRow): string {
  const confidence = rowConfidence(row);
  const mark = confidence === 'confirmed' ? '' : ` (${confidence})`;
  if (row.value === null) return `${row.failed ? 'failed' : '?'}${mark}`;
  const spread = row.deviation === undefined ? '' : ` ± ${row.deviation}`;
  return `${mark ? '~' : ''}${row.value}${spread}${mark}`;
}
