// The package's own install step: makes the Bun that came from npm ready, then builds the kernels.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

// Package managers that skip dependencies' install scripts leave a Bun that only prints an error.
try {
  const folder = dirname(require.resolve('bun/package.json'));
  try {
    execFileSync(join(folder, 'bin', 'bun.exe'), ['--version'], { stdio: 'ignore' });
  } catch {
    if (existsSync(join(folder, 'install.js')))
      execFileSync(process.execPath, ['install.js'], { cwd: folder, stdio: 'ignore' });
  }
} catch {
  // Installed without the bun package (a system Bun runs it then): nothing to prepare.
}

try {
  execFileSync(process.execPath, [join(here, '..', 'kernels', 'native', 'build.mjs')], { stdio: 'inherit' });
} catch (e) {
  process.exit(e.status ?? 1); // the builder has said what is wrong
}
