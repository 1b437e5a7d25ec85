/** Steps of a run, read from its tar by position. */
import { closeSync, openSync, readSync } from 'node:fs';
import { FormatError } from '../formats/format-error.ts';
import { readPickle } from '../formats/pickle.ts';
import type { Run } from './index-runs.ts';

/** Runs that cannot be read in places are kept decoded, up to so many bytes. */
const KEPT = 256 << 20;

export class RunReader {
  readonly #decoded = new Map<string, Float32Array>();
  #bytes = 0;

  /** Steps `start` to `start + count` into `out` at `offset`, row by row. */
  read(run: Run, start: number, count: number, out: Float32Array, offset: number): void {
    const row = run.regions;
    if (run.dataAt === null) {
      out.set(this.#whole(run).subarray(start * row, (start + count) * row), offset);
      return;
    }
    const into = new Uint8Array(out.buffer, out.byteOffset + offset * 4, count * row * 4);
    readExactly(run.file, run.dataAt + start * row * 4, into);
  }

  /** All of a run, (steps, regions). */
  readAll(run: Run): Float32Array {
    const out = new Float32Array(run.steps * run.regions);
    this.read(run, 0, run.steps, out, 0);
    return out;
  }

  /** The run last used longest ago goes first. */
  #whole(run: Run): Float32Array {
    const found = this.#decoded.get(run.file);
    this.#decoded.delete(run.file);
    if (found) {
      this.#decoded.set(run.file, found);
      return found;
    }
    const bytes = new Uint8Array(run.pickleBytes);
    readExactly(run.file, run.pickleAt, bytes);
    const values = readPickle(bytes, run.file).data as Float32Array;
    this.#bytes += values.byteLength;
    for (const [file, { byteLength }] of this.#decoded) {
      if (this.#bytes <= KEPT) break;
      this.#decoded.delete(file);
      this.#bytes -= byteLength;
    }
    this.#decoded.set(run.file, values);
    return values;
  }
}

function readExactly(path: string, at: number, into: Uint8Array): void {
  const file = openSync(path, 'r');
  try {
    for (let have = 0; have < into.length; ) {
      const n = readSync(file, into, have, into.length - have, at + have);
      if (!n) throw new FormatError(path, at + have, 'the file ends inside a run: it was changed after it was indexed');
      have += n;
    }
  } finally {
    closeSync(file);
  }
}
