/** Ctrl-C: the first one asks for a checkpoint and a clean end, the second one ends at once. */
import process from 'node:process';
import { progress } from '../results/terminal/output.ts';
import { exit, InterruptedError } from './errors.ts';

const controller = new AbortController();

export const interruption: AbortSignal = controller.signal;

export function watchInterrupts(): void {
  const stop = () => {
    if (controller.signal.aborted) process.exit(exit.interrupted);
    progress.say('stopping: the checkpoint is being saved (again to end at once, without it)');
    controller.abort(new InterruptedError('interrupted'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}
