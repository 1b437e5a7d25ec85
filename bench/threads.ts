/** How many threads the CPU device uses: `--threads`, then LONGCONV_THREADS, then all cores. */
import { loadAddon } from '../kernels/native/addon.ts';
import { count } from '../results/terminal/options.ts';

/** Applies `--threads` before a device is opened; does nothing when it was not given. */
export function applyThreads(value: unknown): void {
  if (value === undefined) return;
  const n = count(value, 'threads');
  loadAddon().threads(n);
}
