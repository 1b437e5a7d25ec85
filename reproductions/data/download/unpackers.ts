/** Archives by the readers of `formats/`, which refuse links and paths that leave the folder, and bound every size. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { decompress, fileBytes } from '../formats/decompress.ts';
import { extractTar, extractZip } from '../formats/extract.ts';
import { FormatError } from '../formats/format-error.ts';
import { openZip } from '../formats/zip.ts';
import { DownloadError } from './failure.ts';
import type { SourceFile } from './source.ts';
import { freeBytes, requireSpace, SpaceWatch } from './space.ts';
import type { Unpacker } from './unpack.ts';

/**
 * For `unpack`: of this file, what its source says is needed. Throws `DownloadError` when the archive is damaged and
 * `StorageError` when there is no room: before anything is written as far as the archive tells what it needs, else as
 * soon as the reserve would be touched.
 */
export const unpackerOf =
  (file: SourceFile, free = freeBytes): Unpacker =>
  async (archive, folder, { progress, ...options }) => {
    const { needed } = file;
    const select = needed ? { select: (path: string) => needed.value.test(path) } : {};
    const size = statSync(archive).size;
    let read = 0;
    const counted = async function* () {
      for await (const chunk of fileBytes(archive)) {
        read += chunk.length;
        yield chunk;
      }
    };
    try {
      if (!options.resume) {
        const least =
          file.form === 'zip' ? await zipContents(archive, needed?.value) : needed ? 0 : tarContents(file, archive);
        requireSpace(folder, least, `${file.name}, unpacked,`, free);
      }
      const watch = new SpaceWatch(folder, file.name, free);
      const looking = {
        ...{ ...options, ...select },
        progress(files: number, bytes: number) {
          progress(files, bytes);
          watch.look(bytes, file.form === 'zip' ? null : read / size);
        },
      };
      return file.form === 'zip'
        ? await extractZip(archive, folder, looking)
        : await extractTar(decompress(counted(), archive), archive, folder, looking);
    } catch (error) {
      if (error instanceof FormatError)
        throw new DownloadError(
          `${error.message}: the archive cannot be unpacked; repro data verify says whether it is whole`,
        );
      throw error;
    }
  };

/** Bytes of the files in a zip archive, as its directory says. */
async function zipContents(archive: string, needed: RegExp | undefined): Promise<number> {
  await using zip = await openZip(archive);
  return zip.entries.reduce((sum, { path, size }) => sum + (!needed || needed.test(path) ? size : 0), 0);
}

/**
 * Bytes that a tar archive needs at least when all of it is unpacked: its own size, and for gzip what its last four
 * bytes say is inside, modulo 2^32.
 */
function tarContents({ form }: SourceFile, archive: string): number {
  const { size } = statSync(archive);
  if (form !== 'tar.gz' || size < 18) return size;
  const file = openSync(archive, 'r');
  try {
    const end = Buffer.alloc(4);
    readSync(file, end, 0, 4, size - 4);
    return Math.max(size, end.readUInt32LE(0));
  } finally {
    closeSync(file);
  }
}
