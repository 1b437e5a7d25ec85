/** stdout is data, stderr is progress: a live line on a terminal, plain lines elsewhere. */
import process from 'node:process';

let closed = false;

/** Ends quietly when the reader of stdout has gone (`| head`). */
process.stdout.on('error', (e: NodeJS.ErrnoException) => {
  if (e.code !== 'EPIPE') throw e;
  closed = true;
});

/** Writes a line (or several) of data; resolves when it has been handed over. */
export function print(text: string): Promise<void> {
  if (closed) return Promise.resolve();
  return new Promise((resolve) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`, () => resolve()));
}

/** Resolves when everything written to stdout has left this process. */
export const flush = (): Promise<void> =>
  closed ? Promise.resolve() : new Promise((resolve) => process.stdout.write('', () => resolve()));

export const colours = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

/** Characters in a line of a terminal; no limit for a file or a pipe. */
export const lineWidth = (stream: NodeJS.WriteStream): number =>
  stream.isTTY === true && stream.columns > 0 ? stream.columns : Number.POSITIVE_INFINITY;

class Progress {
  #live = '';
  readonly #tty = process.stderr.isTTY === true && process.env.TERM !== 'dumb';

  /** A line that stays. */
  say(text: string): void {
    this.#clear();
    process.stderr.write(`${text}\n`);
    if (this.#live) process.stderr.write(this.#live);
  }

  /** The line that is overwritten; on something that is not a terminal it is not shown. */
  live(text: string): void {
    if (!this.#tty) return;
    this.#clear();
    const width = (process.stderr.columns || 80) - 1;
    this.#live = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
    process.stderr.write(this.#live);
  }

  /** Takes the live line away. */
  end(): void {
    this.#clear();
    this.#live = '';
  }

  #clear(): void {
    if (this.#tty && this.#live) process.stderr.write('\r\x1b[2K');
  }
}

export const progress = new Progress();

export function showDuration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const m = Math.round(seconds / 60);
  return m < 60
    ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(m / 60)} h ${m % 60} min`;
}
