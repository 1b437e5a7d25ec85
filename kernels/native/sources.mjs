/** Which C++ sources an addon was built from: a hash of their text, kept beside it and compared when it is loaded. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const ops = join(here, '..', 'ops');
const data = join(here, '..', '..', 'reproductions', 'data');

const foldersIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((f) => f.isDirectory())
        .map((f) => join(folder, f.name))
        .sort()
    : [];

/** Folders that can hold native code that is no kernel (`routine.h`). */
export const routineFolders = () => foldersIn(data);

/**
 * Hash of every C++ file in `kernels/native`, in the folders of `kernels/ops` and in those of `reproductions/data`; null
 * where they are not (a package without them).
 */
export function sourcesHash() {
  if (!existsSync(ops)) return null;
  const folders = [here, ...foldersIn(ops), ...routineFolders()];
  const hash = createHash('sha256');
  for (const folder of folders)
    for (const file of readdirSync(folder).sort())
      if (/\.(cc|h|inc)$/.test(file))
        hash
          .update(file)
          .update('\0')
          .update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}
