/**
 * Files of records. Appending is one write of one whole line to a file opened for appending, so runs that write to the
 * same file at the same time do not mix. Reading sets damaged lines aside: each is copied to `<file>.corrupt`,
 * blanked in place (the file keeps its length, so nobody who is appending is disturbed) and reported; none is dropped
 * without a word.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type * as z from 'zod';
import { type BenchRecord, recordSchema } from './record.ts';
import { storageError, UsageError } from './terminal/errors.ts';

/** Appends one record as one line. A line that a crash left open is closed first, so that it damages nothing else. */
export function appendRecord(file: string, record: object): void {
  try {
    append(file, record);
  } catch (e) {
    throw storageError(file, e, '--out or LONGCONV_RESULTS');
  }
}

function append(file: string, record: object): void {
  mkdirSync(dirname(file), { recursive: true });
  const fd = openSync(file, 'a+');
  try {
    const { size } = fstatSync(fd);
    const last = Buffer.alloc(1);
    const open = size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
    const line = Buffer.from(`${open ? '\n' : ''}${JSON.stringify(record)}\n`);
    const written = writeSync(fd, line);
    // A full disk takes a part: what is left says why, and the reader sets the torn line aside.
    if (written !== line.length) writeSync(fd, line, written);
  } finally {
    closeSync(fd);
  }
}

export interface Damage {
  file: string;
  /** From 1. */
  line: number;
  reason: string;
  /** null: the file cannot be changed, the line stays. */
  setAside: string | null;
}

export interface ReadResult<T> {
  records: T[];
  damage: Damage[];
}

export interface ReadOptions {
  /** The file is one that only this program writes: whatever is in it and is no record is damage. */
  own?: boolean;
}

/**
 * Reads the records of a file; damaged lines are set aside and listed. A file that a user named and that holds not one
 * record is somebody's work: it is refused and left as it is, and so are lines of our other kinds of records in a
 * shared file. Throws when there is no such file.
 */
export function readRecords(file: string): ReadResult<BenchRecord>;
export function readRecords<S extends z.ZodType>(
  file: string,
  schema: S,
  options?: ReadOptions,
): ReadResult<z.infer<S>>;
export function readRecords(
  file: string,
  schema: z.ZodType = recordSchema,
  options: ReadOptions = {},
): ReadResult<unknown> {
  const text = settled(file);
  const records: unknown[] = [];
  const damaged: { line: number; start: number; bytes: Buffer; reason: string; torn: boolean }[] = [];
  let others = 0;
  let offset = 0;
  let line = 0;
  while (offset < text.length) {
    const newline = text.indexOf(0x0a, offset);
    const end = newline < 0 ? text.length : newline;
    const bytes = text.subarray(offset, end);
    const start = offset;
    offset = end + 1;
    line++;
    const content = bytes.toString('utf8');
    if (!content.trim()) continue;
    const torn = newline < 0;
    const parsed = parse(content, schema, torn);
    if (parsed.ok) records.push(parsed.value);
    else if (parsed.other && !options.own) others++;
    else damaged.push({ line, start, bytes, reason: parsed.reason, torn });
  }
  const [first] = damaged;
  const begun = damaged.length === 1 && first.torn && first.bytes[0] === 0x7b;
  if (first && !records.length && !others && !begun && !options.own)
    throw new UsageError(
      `${file} is no file of records (line ${first.line}: ${first.reason}) and is left as it is: name another file`,
    );
  const damage = damaged.map((d) => setAside(file, d.line, d.start, d.bytes, d.reason));
  return { records, damage };
}

function parse(
  content: string,
  schema: z.ZodType,
  torn: boolean,
): { ok: true; value: unknown } | { ok: false; reason: string; other?: boolean } {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    return { ok: false, reason: torn ? 'torn: the line has no end' : 'not JSON' };
  }
  const r = schema.safeParse(json);
  if (r.success) return { ok: true, value: r.data };
  const issue = r.error.issues[0];
  const kind = (json as { schema?: unknown } | null)?.schema;
  const other = issue.path[0] === 'schema' && typeof kind === 'string' && kind.startsWith('longconv-');
  return { ok: false, reason: `not a record: ${issue.path.join('.') || 'it'}: ${issue.message}`, other };
}

function setAside(file: string, line: number, start: number, bytes: Buffer, reason: string): Damage {
  const corrupt = `${file}.corrupt`;
  try {
    const fd = openSync(file, 'r+');
    try {
      appendFileSync(corrupt, Buffer.concat([bytes, Buffer.from('\n')]));
      writeSync(fd, Buffer.alloc(bytes.length, 0x20), 0, bytes.length, start);
    } finally {
      closeSync(fd);
    }
  } catch {
    // A file that cannot be changed (a read-only checkout, a full disk) keeps its line; it is reported all the same.
    return { file, line, reason, setAside: null };
  }
  return { file, line, reason, setAside: corrupt };
}

/** The sentence for a damaged line. */
export const showDamage = ({ file, line, reason, setAside }: Damage): string =>
  `${file}, line ${line}: ${reason}; ${setAside ? `set aside in ${setAside}` : 'left in place, not counted'}`;

/** The file's bytes; when the last line is open, waits a moment for a writer that may be at it. */
function settled(file: string): Buffer {
  let text = readFileSync(file);
  for (let i = 0; i < 5 && text.length && text[text.length - 1] !== 0x0a; i++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    if (statSync(file).size === text.length) break;
    text = readFileSync(file);
  }
  return text;
}

/** Where a run of a suite keeps its records: `<folder>/<suite>/<time>-<pid>.jsonl`; a name not taken yet. */
export function runFile(folder: string, suite: string, now = new Date(), pid = process.pid): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace(/\..*/, 'Z');
  const base = join(folder, suite, `${stamp}-${pid}`);
  let file = `${base}.jsonl`;
  for (let n = 2; existsSync(file); n++) file = `${base}-${n}.jsonl`;
  return file;
}
