/** Archives by the readers of `formats/`, which refuse links and paths that leave the folder, and bound every size. */
import { openContent } from '../formats/decompress.ts';
import { extractTar, extractZip } from '../formats/extract.ts';
import { FormatError } from '../formats/format-error.ts';
import { DownloadError } from './failure.ts';
import type { SourceFile } from './source.ts';
import type { Unpacker } from './unpack.ts';

/** For `unpack`: of this file, what its source says is needed. Throws `DownloadError` when the archive is damaged. */
export const unpackerOf =
  (file: SourceFile): Unpacker =>
  async (archive, folder, options) => {
    const select = file.needed ? { select: (path: string) => file.needed?.value.test(path) === true } : {};
    try {
      return file.form === 'zip'
        ? await extractZip(archive, folder, { ...options, ...select })
        : await extractTar(openContent(archive), archive, folder, { ...options, ...select });
    } catch (error) {
      if (error instanceof FormatError)
        throw new DownloadError(
          `${error.message}: the archive cannot be unpacked; repro data verify says whether it is whole`,
        );
      throw error;
    }
  };
