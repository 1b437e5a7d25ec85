/** Little-endian reading of bytes in memory. Running over the end is a `FormatError` that names the place. */
import { FormatError } from './format-error.ts';

export class Cursor {
  readonly #view: DataView;

  /** `base` is where `bytes` lies in the file, for messages. */
  constructor(
    readonly bytes: Uint8Array,
    readonly file: string,
    public at = 0,
    readonly base = 0,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  fail(reason: string, at = this.at): never {
    throw new FormatError(this.file, this.base + at, reason);
  }

  /** The next `n` bytes, not copied. */
  take(n: number, what: string): Uint8Array {
    if (n > this.left) this.fail(`${what} needs ${n} bytes and ${this.left} are left`);
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  /** The next `n` bytes as Latin-1. */
  latin1(n: number, what: string): string {
    return Buffer.from(this.take(n, what)).toString('latin1');
  }

  /** The next `n` bytes as UTF-8; malformed UTF-8 is refused. */
  utf8(n: number, what: string): string {
    const from = this.at;
    try {
      return strict.decode(this.take(n, what));
    } catch (error) {
      if (error instanceof FormatError) throw error;
      return this.fail(`${what} is not UTF-8`, from);
    }
  }

  u8(what: string): number {
    return this.take(1, what)[0];
  }
  u16(what: string): number {
    this.take(2, what);
    return this.#view.getUint16(this.at - 2, true);
  }
  u32(what: string): number {
    this.take(4, what);
    return this.#view.getUint32(this.at - 4, true);
  }
  i32(what: string): number {
    this.take(4, what);
    return this.#view.getInt32(this.at - 4, true);
  }
  /** Unsigned 64 bits, refused where a double does not hold it exactly. */
  u64(what: string): number {
    this.take(8, what);
    const value = this.#view.getBigUint64(this.at - 8, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      this.fail(`${what} is ${value}, more than any file holds`, this.at - 8);
    return Number(value);
  }
  u32be(what: string): number {
    this.take(4, what);
    return this.#view.getUint32(this.at - 4, false);
  }
  f64be(what: string): number {
    this.take(8, what);
    return this.#view.getFloat64(this.at - 8, false);
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 to text, null where it is malformed. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}
