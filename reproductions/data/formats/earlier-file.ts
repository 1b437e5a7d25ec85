/** A file that an earlier, ended run left in a folder that is unpacked to: compared with what it should be. */
import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readSync, unlinkSync } from 'node:fs';

export class EarlierFile {
  #at = 0;
  /** Everything so far was as it should be. */
  #agrees = true;
  readonly #buffer = Buffer.alloc(1 << 16);

  private constructor(
    readonly file: number,
    readonly size: number,
  ) {}

  /**
   * Opens the file for comparing and mending. Null when there is none: also when what is there is not a file of its own
   * (a link, a file with a second name), which is taken away so that a new one can be made.
   */
  static open(path: string): EarlierFile | null {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found || found.isDirectory()) return null;
    if (!found.isFile() || found.nlink !== 1) {
      unlinkSync(path);
      return null;
    }
    const file = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      return new EarlierFile(file, fstatSync(file).size);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** How many bytes of the chunk, the next one, are there already. At the first that is not, the file is cut off. */
  agrees(chunk: Uint8Array): number {
    let same = 0;
    while (this.#agrees && same < chunk.length) {
      const n = readSync(this.file, this.#buffer, 0, Math.min(this.#buffer.length, chunk.length - same), this.#at);
      let equal = 0;
      while (equal < n && this.#buffer[equal] === chunk[same + equal]) equal++;
      same += equal;
      this.#at += equal;
      if (n === 0 || equal < n) {
        this.#agrees = false;
        ftruncateSync(this.file, this.#at);
      }
    }
    return same;
  }

  /** There is nothing behind so many bytes. */
  endAt(size: number): void {
    if (this.#agrees && this.size > size) ftruncateSync(this.file, size);
  }
}
