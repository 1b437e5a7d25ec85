/** Lines of UTF-8 text out of a stream, whichever way its chunks are cut. */
import type { Chunks } from './byte-stream.ts';
import { utf8 } from './cursor.ts';
import { FormatError } from './format-error.ts';

export interface Line {
  /** Without its line end: `\n` or `\r\n`. */
  text: string;
  /** From 1. */
  number: number;
  /** Byte at which the line begins. */
  offset: number;
}

/** The longest line; documents of the Pile stay far below. */
const LONGEST = 1 << 28;

/** A last line without a line end counts; after a last line end there is no further line. */
export async function* readLines(source: Chunks, file: string, longest = LONGEST): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let offset = 0;
  let number = 0;
  const line = (last: Uint8Array, end: number): Line => {
    const bytes = held ? Buffer.concat([...parts, last]) : last;
    const text = utf8(bytes[bytes.length - 1] === 13 ? bytes.subarray(0, -1) : bytes);
    number++;
    if (text === null) throw new FormatError(file, offset, `line ${number} is not UTF-8`);
    const result = { text, number, offset };
    offset += bytes.length + end;
    parts = [];
    held = 0;
    return result;
  };
  for await (const chunk of source) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      check(held + end - from);
      yield line(chunk.subarray(from, end), 1);
      from = end + 1;
    }
    if (from < chunk.length) {
      parts.push(chunk.subarray(from));
      held += chunk.length - from;
      check(held);
    }
  }
  if (held) yield line(new Uint8Array(0), 0);

  function check(length: number): void {
    if (length > longest) throw new FormatError(file, offset, `line ${number + 1} is longer than ${longest} bytes`);
  }
}
