/** What a transfer says while it goes on: a line that is overwritten, and lines that stay. */
import { progress } from '../../../results/terminal/output.ts';

export interface Report {
  /** Shown on a terminal only. */
  live(text: string): void;
  say(text: string): void;
}

/** Without a terminal (a log file), where a transfer stands is worth a line this often. */
const QUIET_MS = 30_000;

/** On stderr. */
export function terminalReport(terminal = process.stderr.isTTY === true): Report {
  let last = performance.now();
  return {
    live(text) {
      if (terminal) progress.live(text);
      else if (performance.now() - last >= QUIET_MS) {
        last = performance.now();
        progress.say(text);
      }
    },
    say(text) {
      progress.say(text);
    },
  };
}
