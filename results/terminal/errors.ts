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

/** A file could not be written; the sentence names it and says what to do. */
export class StorageError extends Error {
  override name = 'StorageError';
}

const reasons: Record<string, string> = {
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a part of its path is a file',
  ENOENT: 'there is no such folder',
  EIO: 'the device reports an error',
};

/** A failed write to `file` as a sentence; errors that are not about files stay as they are. */
export function storageError(file: string, error: unknown, place: string): unknown {
  const reason = reasons[(error as NodeJS.ErrnoException)?.code ?? ''];
  return reason
    ? new StorageError(`${file} cannot be written (${reason}): put that right, or choose another place (${place})`)
    : error;
}

/** The rooms below name their errors; results imports nobody, so it goes by the name. */
const codes: Record<string, number> = {
  UsageError: exit.usage,
  CACError: exit.usage,
  OutOfMemoryError: exit.usage,
  StorageError: exit.unavailable,
  DeviceUnavailableError: exit.unavailable,
  UnsupportedError: exit.unavailable,
  DisagreementError: exit.disagrees,
  InterruptedError: exit.interrupted,
};

export const exitCode = (error: unknown): number => codes[(error as Error)?.name] ?? exit.failed;
