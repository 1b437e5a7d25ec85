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
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

/** A failed write to `file` as a sentence; errors that are not about files stay as they are. */
export function storageError(file: string, error: unknown, place: string): unknown {
  const reason = reasons[(error as NodeJS.ErrnoException)?.code ?? ''];
  return reason
    ? new StorageError(`${file} cannot be written (${reason}): put that right, or choose another place (${place})`)
    : error;
}

/** What the system refused, as a sentence; null for an error that is not about a file or folder with a name. */
export function accessComplaint(error: unknown): string | null {
  const { code, path, name } = (error ?? {}) as NodeJS.ErrnoException;
  if (name !== 'Error' || typeof path !== 'string') return null;
  const reason = code === 'ENOENT' ? 'it is not there' : reasons[code ?? ''];
  return reason ? `${path} cannot be used (${reason}): put that right, or give another place` : null;
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
