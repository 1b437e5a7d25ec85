/** Pulling exact amounts out of a stream of chunks, with the offset at hand and memory bounded by what has arrived. */
import { FormatError } from './format-error.ts';

export type Chunks = AsyncIterable<Uint8Array>;

const none = new Uint8Array(0);

export class ByteStream {
  /** Bytes handed out so far. */
  offset = 0;
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = none;

  constructor(
    source: Chunks,
    readonly file: string,
  ) {
    this.#source = source[Symbol.asyncIterator]();
  }

  fail(reason: string, offset = this.offset): never {
    throw new FormatError(this.file, offset, reason);
  }

  /** 1 to `limit` bytes, as they come; null at the end. Not copied. */
  async some(limit = Number.POSITIVE_INFINITY): Promise<Uint8Array | null> {
    while (!this.#chunk.length) {
      const { done, value } = await this.#source.next();
      if (done) return null;
      this.#chunk = value;
    }
    const piece = this.#chunk.subarray(0, Math.min(limit, this.#chunk.length));
    this.#chunk = this.#chunk.subarray(piece.length);
    this.offset += piece.length;
    return piece;
  }

  /** Exactly `n` bytes; null when the stream ends before the first of them. */
  async takeOrEnd(n: number, what: string): Promise<Uint8Array | null> {
    const from = this.offset;
    const first = await this.some(n);
    if (!first || first.length === n) return n ? first : none;
    const parts = [first];
    for (let have = first.length; have < n; ) {
      const piece = await this.some(n - have);
      if (!piece) this.fail(`the file ends inside ${what}, after ${have} of ${n} bytes`, from);
      parts.push(piece);
      have += piece.length;
    }
    return Buffer.concat(parts);
  }

  /** Exactly `n` bytes. */
  async take(n: number, what: string): Promise<Uint8Array> {
    if (n === 0) return none;
    return (await this.takeOrEnd(n, what)) ?? this.fail(`the file ends where ${what} should begin`);
  }

  /** The next `n` bytes in pieces. */
  async *pieces(n: number, what: string): AsyncGenerator<Uint8Array> {
    const from = this.offset;
    for (let have = 0; have < n; ) {
      const piece = await this.some(n - have);
      if (!piece) this.fail(`the file ends inside ${what}, after ${have} of ${n} bytes`, from);
      have += piece.length;
      yield piece;
    }
  }

  async skip(n: number, what: string): Promise<void> {
    for await (const _ of this.pieces(n, what));
  }

  /** Reads to the end, so that checksums behind the last byte of interest are still verified. */
  async drain(): Promise<void> {
    while (await this.some());
  }

  /** Lets go of the source, wherever reading has got to. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

/** All of a stream in one array, refused beyond `limit` bytes. */
export async function collect(source: Chunks, file: string, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limit)
      throw new FormatError(file, limit, `there are more than the ${limit} bytes that are allowed here`);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
