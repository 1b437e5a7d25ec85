/**
 * `<name>.json` beside a complete file: what it was when it came, and what vouches for it. Where no checksum is
 * published, the one of the first download is the one that every later copy is held to, even after the file itself
 * has been deleted.
 */
import { existsSync, readFileSync } from 'node:fs';
import { writeAtomically } from '../cache.ts';
import type { Trust } from './digest.ts';
import type { Places } from './places.ts';

export interface FileRecord {
  name: string;
  bytes: number;
  sha256: string;
  md5: string | null;
  /** Address, or the folder of `--from`. */
  from: string;
  /** ISO 8601. */
  time: string;
  trust: Trust;
}

/** Null when there is none; a record that cannot be read is none, and is replaced. */
export function readRecord(places: Places): FileRecord | null {
  if (!existsSync(places.record)) return null;
  try {
    const record = JSON.parse(readFileSync(places.record, 'utf8')) as FileRecord;
    return /^[0-9a-f]{64}$/.test(record.sha256) && Number.isInteger(record.bytes) ? record : null;
  } catch {
    return null;
  }
}

export function writeRecord(places: Places, record: FileRecord): void {
  writeAtomically(places.record, [new TextEncoder().encode(`${JSON.stringify(record, null, 1)}\n`)]);
}
