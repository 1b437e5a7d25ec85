/** JSON lines, as in the Pile's `*.jsonl.zst`: one value a line. Empty lines are skipped, a byte order mark refused. */
import type { Chunks } from './byte-stream.ts';
import { openContent } from './decompress.ts';
import { FormatError, quoted } from './format-error.ts';
import { readLines } from './lines.ts';

export interface JsonLine {
  value: unknown;
  /** From 1. */
  line: number;
  /** Byte of the (decompressed) stream at which the line begins. */
  offset: number;
}

/** A document of the Pile, or of any corpus in its form. */
export interface Document {
  text: string;
  /** `meta.pile_set_name`, where there is one. */
  set: string | null;
}

export async function* readJsonLines(source: Chunks, file: string): AsyncGenerator<JsonLine> {
  for await (const { text, number, offset } of readLines(source, file)) {
    if (!text.trim()) continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new FormatError(file, offset, `line ${number} is not JSON: ${quoted(text)}`);
    }
    yield { value, line: number, offset };
  }
}

/** The documents of a `.jsonl`, `.jsonl.zst`, `.jsonl.gz` or `.jsonl.xz` file: `{"text": ..., "meta": {...}}` a line. */
export async function* readDocuments(path: string): AsyncGenerator<Document> {
  for await (const { value, line, offset } of readJsonLines(openContent(path), path)) {
    const { text, meta } = (value ?? {}) as { text?: unknown; meta?: { pile_set_name?: unknown } | null };
    if (typeof text !== 'string') throw new FormatError(path, offset, `line ${line} has no "text" that is a string`);
    const set = meta?.pile_set_name;
    yield { text, set: typeof set === 'string' ? set : null };
  }
}
