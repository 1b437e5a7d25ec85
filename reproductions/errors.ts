/** What ends `repro` early, with the exit code that the shell sees; the rest is as in `bench`. */
import { exit, exitCode as sharedExitCode } from '../results/terminal/errors.ts';
import { MissingFileError } from './data/dataset.ts';
import { DownloadError } from './data/download/failure.ts';
import { MissingToolError } from './data/formats/format-error.ts';
import { DivergedError } from './train/divergence.ts';

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

export function exitCode(error: unknown): number {
  for (const kind of [DataUnavailableError, MissingFileError, DownloadError, MissingToolError])
    if (error instanceof kind) return exit.unavailable;
  if (error instanceof DivergedError) return exit.failed;
  if (error instanceof SuiteFailedError) return error.code;
  return sharedExitCode(error);
}
