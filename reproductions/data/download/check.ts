/** A file that is here, read again from the first to the last byte and held to everything that is known of it. */
import { existsSync } from 'node:fs';
import { digestFile, disagreement, type Trust, trustOf } from './digest.ts';
import { wrongForm } from './form.ts';
import type { Places } from './places.ts';
import { changed } from './present.ts';
import { readRecord } from './record.ts';
import type { SourceFile } from './source.ts';

export interface Checked {
  name: string;
  bytes: number;
  sha256: string;
  trust: Trust | 'nothing yet';
  /** Null: it is what it should be. */
  problem: string | null;
}

/** Null when the file is not here. */
export async function checkFile(
  places: Places,
  file: SourceFile,
  options: { signal?: AbortSignal; progress?(done: number): void } = {},
): Promise<Checked | null> {
  if (!existsSync(places.file)) return null;
  const digest = await digestFile(places.file, file, options);
  const record = readRecord(places);
  const published = trustOf(file);
  const problem = wrongForm(file, digest.head) ?? disagreement(file, digest) ?? changed(record, digest, file);
  const { sha256 } = digest.sums();
  const trust = published === 'first use' && !record ? 'nothing yet' : published;
  return { name: file.name, bytes: digest.bytes, sha256, trust, problem };
}
