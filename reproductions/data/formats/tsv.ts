/**
 * TAB separated rows out of a stream. Records end at `\n`, `\r\n` or `\r`; empty ones are skipped.
 *
 * With quoting (the default of the CSV readers that the S4 loaders use): a field that begins with `"` runs to the next
 * `"` that is not doubled, TABs and line ends included; what follows up to the TAB is appended; a `"` elsewhere is a
 * character like any other. Without quoting `"` never means anything. The two give different rows for texts that
 * begin with a quotation mark, which is why a loader has to say which it wants.
 */
import type { Chunks } from './byte-stream.ts';
import { utf8 } from './cursor.ts';
import { FormatError } from './format-error.ts';

export interface TsvOptions {
  quoting: boolean;
  /** Fields of every row; any number when absent. */
  columns?: number;
  /** Most bytes of one record. */
  longest?: number;
}

export interface TsvRow {
  fields: string[];
  /** Byte at which the record begins. */
  offset: number;
}

const TAB = 9;
const LF = 10;
const CR = 13;
const QUOTE = 34;

export async function* readTsv(source: Chunks, file: string, options: TsvOptions): AsyncGenerator<TsvRow> {
  const records = new Records(file, options);
  for await (const chunk of source) {
    for (let i = 0; i < chunk.length; ) {
      i += records.run(chunk, i);
      if (i === chunk.length) break;
      const row = records.push(chunk[i++]);
      if (row) yield row;
    }
  }
  const last = records.end();
  if (last) yield last;
}

/** A text that is in memory already. */
export async function* fromText(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

type State = 'start' | 'plain' | 'quoted' | 'quote';

class Records {
  #field = new Uint8Array(4096);
  #length = 0;
  #fields: string[] = [];
  #state: State = 'start';
  #at = 0;
  #offset = 0;
  #isAfterCr = false;

  constructor(
    readonly file: string,
    readonly options: TsvOptions,
  ) {}

  /** Takes the bytes from `from` on that are nothing but text, all at once, and returns how many they are. */
  run(chunk: Uint8Array, from: number): number {
    let end = from;
    if (this.#state === 'quoted') while (end < chunk.length && chunk[end] !== QUOTE) end++;
    else if (this.#state === 'plain') while (end < chunk.length && chunk[end] > CR) end++;
    const count = end - from;
    if (count) {
      this.#at += count;
      this.#checkLength();
      this.#reserve(count);
      this.#field.set(chunk.subarray(from, end), this.#length);
      this.#length += count;
    }
    return count;
  }

  push(byte: number): TsvRow | null {
    const at = this.#at++;
    const skip = this.#isAfterCr && byte === LF;
    this.#isAfterCr = false;
    if (skip) {
      this.#offset = this.#at;
      return null;
    }
    this.#checkLength(at);
    if (this.#state === 'quoted') {
      if (byte === QUOTE) this.#state = 'quote';
      else this.#keep(byte);
      return null;
    }
    if (byte === QUOTE && this.#state === 'quote') {
      this.#state = 'quoted';
      this.#keep(byte);
    } else if (byte === QUOTE && this.#state === 'start' && this.options.quoting) this.#state = 'quoted';
    else if (byte === TAB) this.#endField();
    else if (byte === LF || byte === CR) {
      this.#isAfterCr = byte === CR;
      return this.#endRecord();
    } else {
      this.#state = 'plain';
      this.#keep(byte);
    }
    return null;
  }

  end(): TsvRow | null {
    if (this.#state === 'quoted')
      throw new FormatError(this.file, this.#offset, 'a quotation mark that is opened in this record is never closed');
    return this.#endRecord();
  }

  #checkLength(at = this.#at): void {
    const longest = this.options.longest ?? 1 << 26;
    if (at - this.#offset > longest)
      throw new FormatError(this.file, this.#offset, `a record is longer than ${longest} bytes`);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#field.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#field.length, this.#length + count));
    larger.set(this.#field.subarray(0, this.#length));
    this.#field = larger;
  }

  #keep(byte: number): void {
    this.#reserve(1);
    this.#field[this.#length++] = byte;
  }

  #endField(): void {
    const text = utf8(this.#field.subarray(0, this.#length));
    if (text === null) throw new FormatError(this.file, this.#offset, 'this record is not UTF-8');
    this.#fields.push(text);
    this.#length = 0;
    this.#state = 'start';
  }

  #endRecord(): TsvRow | null {
    const isEmpty = !this.#fields.length && !this.#length && this.#state === 'start';
    const offset = this.#offset;
    if (!isEmpty) this.#endField();
    const fields = this.#fields;
    this.#fields = [];
    this.#offset = this.#at;
    if (isEmpty) return null;
    const { columns } = this.options;
    if (columns !== undefined && fields.length !== columns)
      throw new FormatError(this.file, offset, `this record has ${fields.length} fields instead of ${columns}`);
    return { fields, offset };
  }
}
