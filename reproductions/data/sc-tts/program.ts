/** The two synthesisers, run as programs: one word a call. */
import { spawnSync } from 'node:child_process';
import { MissingToolError } from '../formats/format-error.ts';
import { readWav, type Sound } from '../formats/wav.ts';

/** What a program that ends with `code` printed on its standard output. Throws `MissingToolError` when it is not installed. */
export function run(program: 'espeak-ng' | 'flite', args: readonly string[], code = 0): Uint8Array {
  const { error, status, stdout, stderr } = spawnSync(program, args, { maxBuffer: 1 << 24 });
  if (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new MissingToolError(
        `${program} is not installed, and the spoken words are made by it: apt-get install espeak-ng flite`,
      );
    throw error;
  }
  if (status !== code) {
    const said = stderr.toString('utf8').trim().split('\n')[0];
    throw new Error(`${program} ${args.join(' ')} ended with code ${status}${said ? `: ${said}` : ''}`);
  }
  return stdout;
}

/** Samples in [-1, 1) of a sound that the program wrote. */
export function decoded(bytes: Uint8Array, what: string): { rate: number; x: Float64Array } {
  const sound: Sound = readWav(bytes, `the output of ${what}`);
  if (sound.channels !== 1) throw new Error(`${what} gave ${sound.channels} channels, not one`);
  return { rate: sound.rate, x: Float64Array.from(sound.samples, (s) => s / 32768) };
}
