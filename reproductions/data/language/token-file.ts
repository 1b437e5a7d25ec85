/**
 * A stream of tokens on disk: a one-dimensional uint16 .npy file, as the reference code packs its corpora, so that each
 * reads the other's. The header always takes 128 bytes, so that it can be written last, when the length is known.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { storageError } from '../../../results/terminal/errors.ts';
import { FormatError } from '../formats/format-error.ts';
import { isNpy } from '../formats/npy.ts';

const HEADER = 128;
const WIDTH = 2;

export class TokenWriter {
  readonly #file: number;
  #tokens: number;

  /** Goes on after the first `tokens` of a file that is there; what lies beyond is cut off. */
  constructor(
    readonly path: string,
    tokens = 0,
  ) {
    this.#tokens = tokens;
    try {
      this.#file = openSync(path, tokens ? 'r+' : 'w');
      ftruncateSync(this.#file, HEADER + WIDTH * tokens);
    } catch (error) {
      throw storageError(path, error, 'LONGCONV_CACHE');
    }
  }

  get tokens(): number {
    return this.#tokens;
  }

  append(tokens: Uint16Array): void {
    this.#write(bytesOf(tokens), HEADER + WIDTH * this.#tokens);
    this.#tokens += tokens.length;
  }

  /** Everything so far is on the disk when this returns. */
  sync(): void {
    fsyncSync(this.#file);
  }

  /** Writes the header; the file is then whole. */
  finish(): void {
    const dict = `{'descr': '<u2', 'fortran_order': False, 'shape': (${this.#tokens},), }`;
    const head = Buffer.alloc(HEADER, ' ');
    head.write('\x93NUMPY\x01\x00', 0, 'latin1');
    head.writeUInt16LE(HEADER - 10, 8);
    head.write(dict, 10, 'latin1');
    head[HEADER - 1] = 10;
    this.#write(head, 0);
    fsyncSync(this.#file);
    this.close();
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(bytes: Uint8Array, at: number): void {
    try {
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#file, bytes, done, bytes.length - done, at + done);
    } catch (error) {
      throw storageError(this.path, error, 'LONGCONV_CACHE');
    }
  }
}

/**
 * Reads tokens by position. Not a memory map: neither runtime has one without native code, and a mapped file that is
 * cut short by somebody else kills the process, where a read returns less and says so. Pages that are used stay in the
 * system's cache either way.
 */
export class TokenReader {
  readonly tokens: number;
  readonly #start: number;
  readonly #file: number;

  /** Throws `FormatError` unless it is a whole .npy file of uint16 in one dimension. */
  constructor(readonly path: string) {
    this.#file = openSync(path, 'r');
    try {
      const head = Buffer.alloc(4096);
      const n = readSync(this.#file, head, 0, head.length, 0);
      const text = head.toString('latin1', 0, n);
      const shape = /'shape'\s*:\s*\((\d+)L?,\s*\)/.exec(text);
      if (!isNpy(head) || !shape || !/'descr'\s*:\s*'<u2'/.test(text))
        throw new FormatError(path, 0, 'this is not a .npy file of uint16 tokens in one dimension');
      this.tokens = Number(shape[1]);
      this.#start = head[6] === 1 ? 10 + head.readUInt16LE(8) : 12 + head.readUInt32LE(8);
      const size = fstatSync(this.#file).size;
      if (size !== this.#start + WIDTH * this.tokens)
        throw new FormatError(
          path,
          size,
          `${this.tokens} tokens take ${this.#start + WIDTH * this.tokens} bytes, and the file has ${size}`,
        );
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /** Fills `into` with the tokens from `position` on. */
  read(position: number, into: Uint16Array): void {
    const bytes = bytesOf(into);
    const at = this.#start + WIDTH * position;
    for (let done = 0; done < bytes.length; ) {
      const n = readSync(this.#file, bytes, done, bytes.length - done, at + done);
      if (!n) throw new FormatError(this.path, at + done, 'the file became shorter while it was read');
      done += n;
    }
  }

  /** All tokens in pieces. A piece is overwritten by the next one. */
  *pieces(size = 1 << 20): Generator<Uint16Array> {
    const piece = new Uint16Array(size);
    for (let at = 0; at < this.tokens; at += size) {
      const part = piece.subarray(0, Math.min(size, this.tokens - at));
      this.read(at, part);
      yield part;
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Tokens are little endian on disk, as they are on every machine that this runs on. */
export const bytesOf = (tokens: Uint16Array): Uint8Array =>
  new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
