/**
 * Runs one of our TypeScript commands under Bun from anywhere on the PATH, where only Node is certain to be:
 * the Bun that is installed with this package, else one on the PATH. Signals and the exit code pass through.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

export function launch(entry) {
  const own = join(root, 'node_modules', '.bin', 'bun');
  const child = spawn(existsSync(own) ? own : 'bun', [join(root, entry), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  // A terminal's Ctrl-C reaches the child by itself; the launcher only has to outlive it.
  for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => {});
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal));
  child.on('error', () => {
    process.stderr.write('Bun is not installed: run "npm ci" in the longconv folder.\n');
    process.exit(3);
  });
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}
