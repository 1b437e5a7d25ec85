/** Ctrl-C: the first one asks for a clean end that keeps what has been done, the second one ends at once. */
import process from 'node:process';
import { progress } from '../results/terminal/output.ts';
import { exit, InterruptedError } from './errors.ts';

const controller = new AbortController();

export const interruption: AbortSignal = controller.signal;

let said = '';

/** Says something else at the first one from now on: what is being done has become known. */
export function onInterruptSay(saving: string): void {
  said = saving;
}

/** `saving`: what is said at the first one. */
export function watchInterrupts(saving: string): void {
  onInterruptSay(saving);
  const stop = () => {
    if (controller.signal.aborted) process.exit(exit.interrupted);
    progress.say(`stopping: ${said}`);
    controller.abort(new InterruptedError('interrupted'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}
