/** Ctrl-C: the first one asks the command to stop at the next sample and keep what it has, the second one ends it. */
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
}

/** Throws `InterruptedError` once Ctrl-C was pressed. */
export function stopIfInterrupted(signal: AbortSignal = interrupted): void {
  if (signal.aborted) throw new InterruptedError('interrupted: what was measured before is kept');
}
