/** How long a transfer waits for a network that fails, and how often it tries. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** Seconds without a byte after which a connection counts as broken. */
  stall: number;
  /** Failures in a row, without progress, after which an address is given up. */
  attempts: number;
  /** The same for a host from which nothing has come at all. */
  silentAttempts: number;
  /** The longest pause that a server may ask for before another address is tried, seconds. */
  longestPause: number;
  /** Seconds before the next try after `failures` failures in a row. */
  backoff(failures: number): number;
  pause(seconds: number, signal: AbortSignal): Promise<void>;
}

export const usualPatience: Patience = {
  ...{ stall: 60, attempts: 6, silentAttempts: 3, longestPause: 180 },
  // 1, 2, 4, 8, 16 s, up to half as much more, so that many machines do not come back together.
  backoff: (failures) => Math.min(30, 2 ** (failures - 1)) * (1 + Math.random() / 2),
  pause: async (seconds, signal) => {
    await sleep(seconds * 1000, undefined, { signal }).catch(() => signal.throwIfAborted());
  },
};
