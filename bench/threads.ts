/** How many threads the CPU device uses: `--threads`, then LONGCONV_THREADS, then all cores. */
import { MOST_THREADS } from '../kernels/device/cpu.ts';
import { loadAddon } from '../kernels/native/addon.ts';
import { UsageError } from '../results/terminal/errors.ts';
import { count } from '../results/terminal/options.ts';

/** Applies `--threads` before a device is opened; does nothing when it was not given. */
export function applyThreads(value: unknown): void {
  if (value === undefined) return;
  const n = count(value, 'threads');
  if (n > MOST_THREADS) throw new UsageError(`--threads ${n}: give a whole number from 1 to ${MOST_THREADS}`);
  loadAddon().threads(n);
}
