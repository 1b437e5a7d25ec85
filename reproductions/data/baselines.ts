/**
 * The sanity baselines of a dataset: what simple methods get on its test split. They are computed once for each state
 * of the data (its checksum) and kept in `<cache>/baselines/`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { StorageError } from '../../results/terminal/errors.ts';
import { cacheFolder, writeAtomically } from './cache.ts';
import { type AnyDataset, guessLevel } from './dataset.ts';
import { type Baseline, definitionIds, loadDefinition, type WorkOptions } from './definition.ts';

export const baselineSchema = z.object({
  method: z.string().min(1),
  metric: z.enum(['accuracy', 'MAE', 'bits per byte', 'loss']),
  value: z.number(),
  reference: z.number().optional(),
});
const fileSchema = z.object({ dataset: z.string(), checksum: z.string(), baselines: z.array(baselineSchema) });

/** Raised when a method changes: older results are then computed again. */
const VERSION = 2;
const MOST_FREQUENT = 'majority class';

export async function baselinesOf(data: AnyDataset, options: WorkOptions = {}): Promise<Baseline[]> {
  const path = join(cacheFolder(), 'baselines', `${data.id}-${VERSION}-${data.checksum.slice(0, 16)}.json`);
  const before = kept(path, data.checksum);
  if (before) return before;
  const own = await ownBaselines(data, options);
  const baselines = own.some(({ method }) => method === MOST_FREQUENT) ? own : [...guess(data), ...own];
  const file = { dataset: data.id, checksum: data.checksum, baselines };
  keep(path, [new TextEncoder().encode(`${JSON.stringify(fileSchema.parse(file), null, 1)}\n`)], data.id);
  return baselines;
}

/** They can be computed again: a disk that is full or read-only is no reason to do without them now. */
function keep(path: string, bytes: Uint8Array[], id: string): void {
  try {
    writeAtomically(path, bytes);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    console.error(`the baselines of ${id} are not kept: ${error.message}`);
  }
}

/** Null when there are none for these data, or the file is damaged: it is then written again. */
function kept(path: string, checksum: string): Baseline[] | null {
  if (!existsSync(path)) return null;
  try {
    const file = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    if (file.checksum !== checksum) return null;
    return file.baselines.map(({ reference, ...rest }) => (reference === undefined ? rest : { ...rest, reference }));
  } catch {
    return null;
  }
}

async function ownBaselines(data: AnyDataset, options: WorkOptions): Promise<Baseline[]> {
  if (!definitionIds().includes(data.id)) return [];
  const { baselines } = await loadDefinition(data.id);
  return baselines ? await baselines(data, options) : [];
}

/** Of classes, the most frequent one is always a baseline. */
function guess(data: AnyDataset): Baseline[] {
  if (data.task !== 'classification') return [];
  return [{ method: MOST_FREQUENT, metric: 'accuracy', value: guessLevel(data.labelCounts('test')).accuracy }];
}

/** Accuracies in percent, everything else in its own unit. */
export const showBaseline = (metric: string, value: number): string =>
  metric === 'accuracy' ? `${(100 * value).toFixed(1)} %` : `${value.toFixed(4)} ${metric}`;
