/** What `bench check` found, kept: every case on every device with its error, and where it ran. One JSON file a check. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { packageRoot, provenance } from './provenance.ts';
import { provenanceSchema } from './record.ts';
import { StorageError, storageError, UsageError } from './terminal/errors.ts';

const verdictSchema = z.object({
  case: z.string(),
  family: z.string(),
  device: z.string(),
  implementation: z.string(),
  status: z.enum(['pass', 'fail', 'unsupported']),
  /** Scale-relative maximum error of the worst tensor, and its limit. */
  error: z.number(),
  tolerance: z.number(),
  worst: z.string(),
  reason: z.string(),
});
export type CheckVerdict = z.infer<typeof verdictSchema>;

const checksSchema = z.object({
  schema: z.literal('longconv-checks-1'),
  /** End of the check, ISO 8601, UTC. */
  time: z.iso.datetime(),
  ...provenanceSchema.shape,
  verdicts: z.array(verdictSchema),
});
export type Checks = z.infer<typeof checksSchema>;

/** The check of the golden vectors that the tables show. */
export const goldenChecks = join(packageRoot, 'results', 'checks', 'golden.json');

/** Finds out before the check, not after it, that the file cannot be written, or is something else's. */
export function prepareChecks(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (existsSync(file) && statSync(file).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    writeFileSync(`${file}.part`, '');
    rmSync(`${file}.part`);
  } catch (e) {
    const known = storageError(file, e, '--out');
    throw known instanceof StorageError ? new UsageError(known.message) : known;
  }
  try {
    readChecks(file);
  } catch {
    throw new UsageError(`${file} holds something else than a check and is left as it is: name another file (--out)`);
  }
}

/** Writes the file in one piece. */
export function writeChecks(file: string, argv: readonly string[], verdicts: readonly CheckVerdict[]): void {
  const checks: Checks = {
    schema: 'longconv-checks-1',
    time: new Date().toISOString(),
    ...provenance(argv),
    verdicts: verdicts.map((v) => verdictSchema.parse(v)),
  };
  const { verdicts: list, ...head } = checks;
  const lines = list.map((v) => `  ${JSON.stringify(v)}`).join(',\n');
  const part = `${file}.part`;
  try {
    writeFileSync(part, `${JSON.stringify(head).slice(0, -1)},\n"verdicts":[\n${lines}\n]}\n`);
    renameSync(part, file);
  } catch (e) {
    rmSync(part, { force: true });
    throw storageError(file, e, '--out');
  }
}

/** A kept check; null when there is no such file. Throws one sentence when it is not one. */
export function readChecks(file: string): Checks | null {
  if (!existsSync(file)) return null;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Error(`${file} is not JSON: write it anew with bench check --out ${file}`);
  }
  const parsed = checksSchema.safeParse(value);
  if (!parsed.success) throw new Error(`${file} does not hold a check: ${parsed.error.issues[0].message}`);
  return parsed.data;
}
