/** What ends a command early, each with the exit code that the shell sees. */

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

/** The rooms below name their errors; results imports nobody, so it goes by the name. */
const codes: Record<string, number> = {
  UsageError: exit.usage,
  CACError: exit.usage,
  OutOfMemoryError: exit.usage,
  DeviceUnavailableError: exit.unavailable,
  UnsupportedError: exit.unavailable,
  DisagreementError: exit.disagrees,
  InterruptedError: exit.interrupted,
};

export const exitCode = (error: unknown): number => codes[(error as Error)?.name] ?? exit.failed;
