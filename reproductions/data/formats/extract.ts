/**
 * Unpacking archives below a folder, as a stream. Nothing is ever written outside of the folder: paths are checked
 * (`safe-path.ts`), links and devices are refused, files are made new (never opened through something that was
 * there), folders are looked at after links are resolved. Counts and sizes are bounded. The caller unpacks to a new
 * folder and moves it into place when all has gone well.
 *
 * A run that was ended can be taken up (`resume`): files that an earlier one left are read beside the archive and kept
 * as far as they agree with it, byte by byte, so that what a crash left half written is found whatever its size.
 */
import { closeSync, mkdirSync, openSync, realpathSync, writeSync } from 'node:fs';
import { join, sep } from 'node:path';
import { storageError } from '../../../results/terminal/errors.ts';
import type { Chunks } from './byte-stream.ts';
import { EarlierFile } from './earlier-file.ts';
import { FormatError, quoted } from './format-error.ts';
import { safePath } from './safe-path.ts';
import { readTar } from './tar.ts';
import { openZip } from './zip.ts';

export interface ExtractOptions {
  /** Most entries, bytes of one file and bytes of all files together. */
  entries?: number;
  fileBytes?: number;
  totalBytes?: number;
  /** Entries to write; the others are read over. All when absent. */
  select?(path: string): boolean;
  /** Called after each file, and within large ones, with the totals so far. It may throw to end the work. */
  progress?(files: number, bytes: number): void;
  /** The folder has what an earlier run has unpacked of the same archive with the same selection. */
  resume?: boolean;
  signal?: AbortSignal;
}

export interface Extracted {
  files: number;
  bytes: number;
}

interface Entry {
  path: string;
  kind: 'file' | 'folder' | 'link' | 'other';
  size: number;
  offset: number;
  content(): Chunks;
}

/** Unpacks a tar stream (already decompressed: `openContent`). */
export const extractTar = (
  source: Chunks,
  file: string,
  folder: string,
  options: ExtractOptions = {},
): Promise<Extracted> => extract(readTar(source, file), file, folder, options);

/** Unpacks the zip file at `path`. */
export async function extractZip(path: string, folder: string, options: ExtractOptions = {}): Promise<Extracted> {
  await using zip = await openZip(path);
  return await extract(zip.entries, path, folder, options);
}

async function extract(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  file: string,
  folder: string,
  options: ExtractOptions,
): Promise<Extracted> {
  const { entries: most = 4_000_000, fileBytes = 2 ** 37, totalBytes = 2 ** 39 } = options;
  const place = new Place(file, folder, options.resume === true);
  const done: Extracted = { files: 0, bytes: 0 };
  let count = 0;
  for await (const entry of entries) {
    options.signal?.throwIfAborted();
    const refuse = (why: string): never => {
      throw new FormatError(file, entry.offset, `the entry ${quoted(entry.path)} ${why}`);
    };
    if (++count > most) refuse(`is one more than the ${most} that are allowed`);
    const parts = safePath(entry.path, file, entry.offset);
    if (entry.kind === 'link') refuse('is a link, which is refused');
    if (entry.kind === 'other') refuse('is neither a file nor a folder, which is refused');
    if (options.select && !options.select(parts.join('/'))) continue;
    if (entry.kind === 'folder') {
      place.makeFolder(parts, entry.offset);
      continue;
    }
    if (!parts.length) refuse('has no name');
    if (entry.size > fileBytes) refuse(`has ${entry.size} bytes; ${fileBytes} are allowed`);
    if (done.bytes + entry.size > totalBytes) refuse(`leads beyond the ${totalBytes} bytes that are allowed in all`);
    await place.writeFile(parts, entry, (written) => {
      options.signal?.throwIfAborted();
      if (written) options.progress?.(done.files, done.bytes + written);
    });
    done.files++;
    done.bytes += entry.size;
    options.progress?.(done.files, done.bytes);
  }
  return done;
}

/** Bytes of a large file between two looks at what else there is. */
const LOOK = 16 << 20;

/** The folder that is written to; it knows which of its subfolders have been looked at. */
class Place {
  readonly #root: string;
  readonly #known = new Set<string>();
  /** Of this run, where an earlier one's files are there as well. */
  readonly #mine: Set<string> | null;

  constructor(
    readonly file: string,
    folder: string,
    resume: boolean,
  ) {
    this.#mine = resume ? new Set() : null;
    this.#root = this.#try(folder, () => {
      mkdirSync(folder, { recursive: true });
      return realpathSync(folder);
    });
  }

  makeFolder(parts: string[], offset: number): string {
    const path = join(this.#root, ...parts);
    if (this.#known.has(path)) return path;
    // One level at a time: a link that somebody put there must not lead the next level elsewhere.
    for (let n = 1; n <= parts.length; n++) {
      const part = join(this.#root, ...parts.slice(0, n));
      if (this.#known.has(part)) continue;
      try {
        mkdirSync(part);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError(part, error, 'LONGCONV_CACHE');
      }
      const real = this.#try(part, () => realpathSync(part));
      if (real !== part && !real.startsWith(this.#root + sep))
        throw new FormatError(this.file, offset, `${part} is a link that leads out of the folder`);
      this.#known.add(part);
    }
    return path;
  }

  /** `look` is called with the bytes so far now and then, with 0 in between. */
  async writeFile(parts: string[], entry: Entry, look: (written: number) => void): Promise<void> {
    const path = join(this.makeFolder(parts.slice(0, -1), entry.offset), parts[parts.length - 1]);
    const earlier = this.#mine && !this.#mine.has(path) ? EarlierFile.open(path) : null;
    this.#mine?.add(path);
    const out = earlier?.file ?? this.#create(path, entry);
    let written = 0;
    let looked = 0;
    try {
      for await (const chunk of entry.content()) {
        this.#try(path, () => {
          // What agrees is there already; from the first difference on everything is new.
          for (let at = earlier?.agrees(chunk) ?? 0; at < chunk.length; )
            at += writeSync(out, chunk, at, chunk.length - at, written + at);
        });
        written += chunk.length;
        const due = written - looked >= LOOK;
        if (due) looked = written;
        look(due ? written : 0);
      }
      this.#try(path, () => earlier?.endAt(written));
    } finally {
      closeSync(out);
    }
  }

  /** Opens a new file, never one that is there. */
  #create(path: string, entry: Entry): number {
    try {
      return openSync(path, 'wx');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'EEXIST' && code !== 'ENOTDIR') throw storageError(path, error, 'LONGCONV_CACHE');
      throw new FormatError(
        this.file,
        entry.offset,
        `the entry ${quoted(entry.path)} cannot be written: there already is something of that name`,
      );
    }
  }

  #try<T>(path: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw storageError(path, error, 'LONGCONV_CACHE');
    }
  }
}
