/** SHA-256 (and MD5, where that is what is published) of a file while it passes, or of one that lies here. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { SourceFile } from './source.ts';

export class Digest {
  readonly #sha256: Hash = createHash('sha256');
  readonly #md5: Hash | null;
  bytes = 0;
  /** The first bytes, for the form of the file. */
  head: Uint8Array = new Uint8Array(0);

  constructor(file: SourceFile) {
    this.#md5 = file.md5 ? createHash('md5') : null;
  }

  update(chunk: Uint8Array): void {
    this.#sha256.update(chunk);
    this.#md5?.update(chunk);
    this.bytes += chunk.length;
    if (this.head.length < 8) this.head = Uint8Array.from([...this.head, ...chunk.subarray(0, 8 - this.head.length)]);
  }

  /** Of everything so far; more may follow. */
  sums(): { sha256: string; md5: string | null } {
    return { sha256: this.#sha256.copy().digest('hex'), md5: this.#md5?.copy().digest('hex') ?? null };
  }
}

const CHUNK = 4 << 20;

/** Reads `path` through a digest; stops between chunks when the signal says so. */
export async function digestFile(
  path: string,
  source: SourceFile,
  { signal, progress }: { signal?: AbortSignal; progress?(done: number): void } = {},
): Promise<Digest> {
  const digest = new Digest(source);
  const file = openSync(path, 'r');
  const buffer = new Uint8Array(CHUNK);
  try {
    for (let n = 0; (n = readSync(file, buffer, 0, CHUNK, null)) > 0; ) {
      digest.update(buffer.subarray(0, n));
      progress?.(digest.bytes);
      await new Promise<void>((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    }
  } finally {
    closeSync(file);
  }
  return digest;
}

/** What speaks for the content of a complete file. */
export type Trust = 'published sha256' | 'published md5' | 'first use';

export const trustOf = (file: SourceFile): Trust =>
  file.sha256 ? 'published sha256' : file.md5 ? 'published md5' : 'first use';

/** What is wrong with a complete file by what was published about it; null when nothing is. */
export function disagreement(file: SourceFile, digest: Digest): string | null {
  if (file.bytes && digest.bytes !== file.bytes.value)
    return `it has ${digest.bytes} bytes, and the published size is ${file.bytes.value}`;
  const sums = digest.sums();
  for (const kind of ['sha256', 'md5'] as const) {
    const published = file[kind]?.value;
    if (published && sums[kind] !== published)
      return `its ${kind} is ${sums[kind]}, and the published one is ${published}`;
  }
  return null;
}
