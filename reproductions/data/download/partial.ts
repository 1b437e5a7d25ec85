/**
 * What has arrived of a file: its bytes in `<name>.part`, and in `<name>.part.json` where they came from and of which
 * version they are. The digest runs along, so that a complete file need not be read again; a part from an earlier run
 * is read once.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { storageError } from '../../../results/terminal/errors.ts';
import { Digest, digestFile } from './digest.ts';
import { DownloadError } from './failure.ts';
import type { Places } from './places.ts';
import type { Validator } from './request.ts';
import type { SourceFile } from './source.ts';

export interface Origin extends Validator {
  /** The address as it stands in the source, before redirects. */
  url: string;
  total: number | null;
}

export class Partial {
  readonly #file: number;
  #closed = false;
  digest: Digest;
  origin: Origin | null;

  private constructor(
    readonly places: Places,
    readonly source: SourceFile,
    file: number,
    digest: Digest,
    origin: Origin | null,
  ) {
    this.#file = file;
    this.digest = digest;
    this.origin = origin;
  }

  /** Opens what is here, or begins. */
  static async open(
    places: Places,
    source: SourceFile,
    options: { signal?: AbortSignal; progress?(done: number): void } = {},
  ): Promise<Partial> {
    const origin = existsSync(places.part) ? readOrigin(places.partRecord) : null;
    const digest = origin ? await digestFile(places.part, source, options) : new Digest(source);
    try {
      const file = openSync(places.part, 'a');
      if (!origin) ftruncateSync(file, 0);
      return new Partial(places, source, file, digest, origin);
    } catch (error) {
      throw storageError(places.part, error, 'LONGCONV_CACHE');
    }
  }

  get bytes(): number {
    return this.digest.bytes;
  }

  /** What follows comes from here: said before the first byte is written, so that a part never lacks its origin. */
  from(origin: Origin): void {
    this.origin = origin;
    this.#guard(() => writeFileSync(this.places.partRecord, `${JSON.stringify(origin, null, 1)}\n`));
  }

  append(chunk: Uint8Array): void {
    this.#guard(() => {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(this.#file, chunk, at);
      } catch (error) {
        // What fitted of the chunk on a full disk is not in the digest.
        ftruncateSync(this.#file, this.bytes);
        throw error;
      }
    });
    this.digest.update(chunk);
  }

  /** Throws away what is here. */
  restart(): void {
    this.#guard(() => ftruncateSync(this.#file, 0));
    if (existsSync(this.places.partRecord)) unlinkSync(this.places.partRecord);
    this.origin = null;
    this.digest = new Digest(this.source);
  }

  /** Hands over to the disk; again does nothing. Throws when somebody else has written to the file as well. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      fsyncSync(this.#file);
      const { size } = fstatSync(this.#file);
      if (size !== this.bytes)
        throw new DownloadError(
          `${this.places.part} has ${size} bytes, and ${this.bytes} were written by this run: another run is at it; let that one finish`,
        );
    } finally {
      closeSync(this.#file);
    }
    // An empty part says nothing.
    if (this.bytes === 0) discard(this.places);
  }

  #guard(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw storageError(this.places.part, error, 'LONGCONV_CACHE');
    }
  }
}

export function discard(places: Places): void {
  for (const path of [places.part, places.partRecord]) if (existsSync(path)) unlinkSync(path);
}

/** What there is of a file, without opening it. */
export function partialState(places: Places): { bytes: number; origin: Origin } | null {
  const origin = existsSync(places.part) ? readOrigin(places.partRecord) : null;
  return origin ? { bytes: statSync(places.part).size, origin } : null;
}

/** Null when there is none or it cannot be read: then the part is of unknown origin and worth nothing. */
function readOrigin(path: string): Origin | null {
  try {
    const { url, total, etag, modified } = JSON.parse(readFileSync(path, 'utf8'));
    return typeof url === 'string'
      ? { url, total: total ?? null, etag: etag ?? null, modified: modified ?? null }
      : null;
  } catch {
    return null;
  }
}
