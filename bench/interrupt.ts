/**
 * Ctrl-C: the first one asks the command to stop at the next sample and keep what it has, the second one ends it. A command
 * that another process has started (`repro`) ends with that one, however it ended.
 */
import process from 'node:process';
import { exit, InterruptedError } from '../results/terminal/errors.ts';
import { progress } from '../results/terminal/output.ts';

const controller = new AbortController();

/** One press may arrive twice: from the terminal, and handed on by the process that started this one. */
const onePress = 300;

export const interrupted: AbortSignal = controller.signal;

export function watchInterrupts(): void {
  let first = 0;
  const stop = () => {
    if (controller.signal.aborted) {
      if (performance.now() - first < onePress) return;
      process.exit(exit.interrupted);
    }
    first = performance.now();
    progress.say('stopping after this sample; what was measured is kept (Ctrl-C again to end at once)');
    controller.abort(new InterruptedError('interrupted'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (process.env.LONGCONV_END_WITH_STDIN === '1') endWithStdin();
}

/** stdin is a pipe on which nothing ever comes: it closes when the process at its other end is gone. */
function endWithStdin(): void {
  const end = () => {
    progress.say('the process that started this one is gone: ending');
    process.exit(exit.interrupted);
  };
  // Which of them comes differs between runtimes.
  for (const event of ['end', 'close', 'error']) process.stdin.on(event, end);
  process.stdin.resume();
}

/** Throws `InterruptedError` once Ctrl-C was pressed. */
export function stopIfInterrupted(signal: AbortSignal = interrupted): void {
  if (signal.aborted) throw new InterruptedError('interrupted: what was measured before is kept');
}
