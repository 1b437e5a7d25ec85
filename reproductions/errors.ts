/** What ends `repro` early, with the exit code that the shell sees; the rest is as in `bench`. */
import { accessComplaint, exit, exitCode as sharedExitCode } from '../results/terminal/errors.ts';

export { exit, InterruptedError, UsageError } from '../results/terminal/errors.ts';

/** The data cannot be had here; the sentence says how to get it. */
export class DataUnavailableError extends Error {
  override name = 'DataUnavailableError';
}

/** A suite of `bench` was refused or failed; its own sentence was shown, and its exit code is ours. */
export class SuiteFailedError extends Error {
  override name = 'SuiteFailedError';
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message);
  }
}

/** Errors that a worker thread passed on have lost their class and kept their name. */
const unavailable = ['DataUnavailableError', 'MissingFileError', 'DownloadError', 'MissingToolError'];

export function exitCode(error: unknown): number {
  if (error instanceof SuiteFailedError) return error.code;
  if (unavailable.includes((error as Error)?.name) || accessComplaint(error)) return exit.unavailable;
  return sharedExitCode(error);
}

/** A clean end of its own, so that nothing has to be looked for in this program. */
export const foreseen = (error: Error): boolean =>
  ['DivergedError', 'FormatError', 'CorruptFileError', 'SuiteFailedError'].includes(error.name);
