/** Which C++ sources an addon was built from: a hash of their text, kept beside it and compared when it is loaded. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const ops = join(here, '..', 'ops');

/** Hash of every C++ file below `kernels/native` and `kernels/ops`; null where they are not (a package without them). */
export function sourcesHash() {
  if (!existsSync(ops)) return null;
  const folders = [
    here,
    ...readdirSync(ops, { withFileTypes: true })
      .filter((f) => f.isDirectory())
      .map((f) => join(ops, f.name))
      .sort(),
  ];
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
