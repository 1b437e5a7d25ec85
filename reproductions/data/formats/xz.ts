/**
 * xz streams, through the system's `xz`: no maintained decoder exists as a package or in node:zlib. It checks its own
 * checksums; its complaint becomes the reason. Memory is limited to 1 GiB (preset -9 needs 65 MiB).
 */
import { spawn } from 'node:child_process';
import { pipeline } from 'node:stream';
import type { Chunks } from './byte-stream.ts';
import { FormatError, MissingToolError } from './format-error.ts';

/** `command` is there for tests. */
export async function* unxz(source: Chunks, file: string, command = 'xz'): AsyncGenerator<Uint8Array> {
  const child = spawn(
    command,
    ['--decompress', '--stdout', '--format=xz', '--memlimit-decompress=1GiB', '--threads=1'],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    if (complaint.length < 500) complaint += data.toString('utf8');
  });
  const ended = new Promise<number | null | Error>((resolve) => {
    child.on('error', resolve);
    child.on('close', resolve);
  });
  let read = 0;
  let failure: { error: unknown } | null = null;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source) {
        read += chunk.length;
        yield chunk;
      }
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  child.stdin.on('error', () => {}); // xz closes its input early when it has something to complain about
  const fed = new Promise<void>((resolve) => pipeline(counted(), child.stdin, () => resolve()));
  try {
    try {
      for await (const chunk of child.stdout) yield chunk as Buffer;
    } catch (error) {
      // A program that never started closes its output early; `ended` knows why.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
    const end = await ended;
    await fed;
    if (failure) throw (failure as { error: unknown }).error;
    if (end instanceof Error) throw missing(end, command, file);
    if (end !== 0)
      throw new FormatError(
        file,
        null,
        `the xz stream is damaged or cut short (${complaint.trim().replace(/^.*stdin\)?:\s*/s, '') || `xz ended with ${end}`}; ${read} bytes were read)`,
      );
  } finally {
    child.kill();
    child.stdin.destroy();
    await ended;
    await fed;
  }
}

function missing(error: Error, command: string, file: string): Error {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  return new MissingToolError(
    `${file} is xz-compressed and there is no "${command}" program here: install it (Debian: apt-get install xz-utils; macOS: brew install xz), or decompress the file yourself`,
  );
}
