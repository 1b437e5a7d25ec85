/** What ends a command early, each with the exit code that the shell sees. */
import { DeviceUnavailableError, OutOfMemoryError, UnsupportedError } from '../kernels/device/device.ts';

export const exit = {
  done: 0,
  failed: 1,
  usage: 2,
  unavailable: 3,
  unclear: 4,
  disagrees: 5,
  stopped: 75,
  interrupted: 130,
} as const;

/** What was asked for cannot be understood or cannot be done; the sentence says what to do instead. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A kernel disagrees with its float64 reference: nothing is timed that computes something else. */
export class DisagreementError extends Error {
  override name = 'DisagreementError';
}

/** Ctrl-C. What was measured so far has been kept. */
export class InterruptedError extends Error {
  override name = 'InterruptedError';
}

export function exitCode(error: unknown): number {
  if (error instanceof UsageError || error instanceof OutOfMemoryError) return exit.usage;
  if (error instanceof DeviceUnavailableError || error instanceof UnsupportedError) return exit.unavailable;
  if (error instanceof DisagreementError) return exit.disagrees;
  if (error instanceof InterruptedError) return exit.interrupted;
  return (error as Error)?.name === 'CACError' ? exit.usage : exit.failed;
}
