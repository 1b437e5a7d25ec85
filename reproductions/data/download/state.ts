/** What is here of a published file, without reading it. */
import { existsSync, statSync } from 'node:fs';
import { partialState } from './partial.ts';
import { placesOf } from './places.ts';
import { readRecord } from './record.ts';
import type { SourceFile } from './source.ts';

export type FileState =
  | { kind: 'have'; bytes: number; trust: string; time: string }
  /** In its place, but nobody has checked it, or its size is not the recorded one. */
  | { kind: 'unchecked'; bytes: number }
  | { kind: 'partial'; bytes: number; total: number | null }
  | { kind: 'absent' };

export function stateOf(folder: string, file: SourceFile): FileState {
  const places = placesOf(folder, file.name);
  if (existsSync(places.file)) {
    const record = readRecord(places);
    const { size } = statSync(places.file);
    return record?.bytes === size
      ? { kind: 'have', bytes: size, trust: record.trust, time: record.time }
      : { kind: 'unchecked', bytes: size };
  }
  const part = partialState(places);
  if (!part?.bytes) return { kind: 'absent' };
  return { kind: 'partial', bytes: part.bytes, total: file.bytes?.value ?? part.origin.total };
}
