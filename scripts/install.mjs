// The package's own install step: makes the Bun that came from npm ready, then builds the kernels.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

// Package managers that skip dependencies' install scripts leave a Bun that only prints an error.
const folder = bunFolder();
if (folder && !runs(join(folder, 'bin', 'bun.exe'), ['--version'])) {
  const prepared = existsSync(join(folder, 'install.js')) && runs(process.execPath, ['install.js'], folder);
  if (!prepared)
    process.stderr.write('longconv: the bun package could not be made ready: install Bun, or run "npm rebuild bun".\n');
}

try {
  execFileSync(process.execPath, [join(here, '..', 'kernels', 'native', 'build.mjs')], { stdio: 'inherit' });
} catch (e) {
  process.exit(e.status ?? 1); // the builder has said what is wrong
}

/** The bun package; null where it is not installed (a system Bun runs the commands then). */
function bunFolder() {
  try {
    return dirname(require.resolve('bun/package.json'));
  } catch {
    return null;
  }
}

function runs(command, args, cwd) {
  try {
    execFileSync(command, args, { cwd, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
