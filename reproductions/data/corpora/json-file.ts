/** A JSON file of a package, with a `FormatError` for what it lacks. */
import { readFileSync } from 'node:fs';
import { FormatError, quoted } from '../formats/format-error.ts';

export interface JsonRecord {
  string(key: string): string;
  number(key: string): number;
}

export function readJsonRecord(path: string): JsonRecord {
  const text = readFileSync(path, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FormatError(path, null, `this is not JSON: ${quoted(text)}`);
  }
  if (typeof value !== 'object' || value === null) throw new FormatError(path, null, 'there is no JSON object in it');
  const record = value as Record<string, unknown>;
  const get = (key: string, type: 'string' | 'number') => {
    if (typeof record[key] !== type) throw new FormatError(path, null, `it has no "${key}" that is a ${type}`);
    return record[key];
  };
  return { string: (key) => get(key, 'string') as string, number: (key) => get(key, 'number') as number };
}
