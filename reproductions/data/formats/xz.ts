/**
 * xz streams, through the system's `xz`: no maintained decoder exists as a package or in node:zlib. It checks its own
 * checksums; its complaint becomes the reason. Memory is limited to 1 GiB (preset -9 needs 65 MiB).
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Chunks } from './byte-stream.ts';
import { FormatError, MissingToolError } from './format-error.ts';

const options = ['--decompress', '--stdout', '--format=xz', '--memlimit-decompress=1GiB', '--threads=1'];

/** `command` is there for tests. */
export async function* unxz(source: Chunks, file: string, command = 'xz'): AsyncGenerator<Uint8Array> {
  const child = spawn(command, options, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    if (complaint.length < 500) complaint += data.toString('utf8');
  });
  const ended = new Promise<number | null | Error>((resolve) => {
    child.on('error', resolve);
    child.on('close', resolve);
  });
  const feeding = feed(source, child, ended);
  try {
    try {
      for await (const chunk of child.stdout) yield chunk as Buffer;
    } catch (error) {
      // A program that never started closes its output early; `ended` knows why.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
    const end = await ended;
    const fed = await feeding;
    if (fed.failure) throw fed.failure.error;
    if (end instanceof Error) throw missing(end, command, file);
    if (end !== 0) {
      const why = complaint.trim().replace(/^.*stdin\)?:\s*/s, '') || `xz ended with ${end}`;
      throw new FormatError(file, null, `the xz stream is damaged or cut short (${why}; ${fed.read} bytes were read)`);
    }
  } finally {
    child.kill();
    await feeding;
  }
}

interface Fed {
  read: number;
  /** What the source threw, as opposed to what xz has to say. */
  failure: { error: unknown } | null;
}

/** Writes the source to the program until either ends. xz leaves early when it has something to complain about. */
async function feed(source: Chunks, child: ChildProcessWithoutNullStreams, ended: Promise<unknown>): Promise<Fed> {
  const { stdin } = child;
  const fed: Fed = { read: 0, failure: null };
  let isOver = false;
  const over = Promise.race([ended, new Promise((resolve) => stdin.on('error', resolve))]).then(() => {
    isOver = true;
  });
  try {
    for await (const chunk of source) {
      if (isOver) break;
      fed.read += chunk.length;
      if (!stdin.write(chunk)) await Promise.race([over, new Promise((resolve) => stdin.once('drain', resolve))]);
    }
  } catch (error) {
    fed.failure = { error };
    child.kill();
  }
  if (!isOver) stdin.end();
  return fed;
}

function missing(error: Error, command: string, file: string): Error {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  return new MissingToolError(
    `${file} is xz-compressed and there is no "${command}" program here: install it (Debian: apt-get install xz-utils; macOS: brew install xz), or decompress the file yourself`,
  );
}
