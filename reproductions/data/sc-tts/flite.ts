/**
 * flite's voices, for a test outside of the engine that a model was trained on. kal16 is made of recorded diphones;
 * awb, rms and slt derive from recorded speakers (CMU Arctic). Take 0 is the voice as it is; others change its speed
 * and the mean of its pitch.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Draws } from '../draws.ts';
import { decoded, run } from './program.ts';

export const fliteVoices: readonly string[] = ['kal16', 'awb', 'rms', 'slt'];
/** Natural mean pitch of each voice in Hz, about which takes vary. */
const pitches: Record<string, number> = { kal16: 105, awb: 130, rms: 95, slt: 170 };

export interface FliteManner {
  /** Factor on all durations. */
  stretch: number;
  /** Hz. */
  pitch: number;
}

export const drawFliteManner = (voice: string, draws: Draws): FliteManner => ({
  stretch: (80 + draws.integer(46)) / 100,
  pitch: Math.round((pitches[voice] * (80 + draws.integer(41))) / 100),
});

export function speakFlite(word: string, voice: string, manner: FliteManner | null) {
  const settings = manner
    ? ['--setf', `duration_stretch=${manner.stretch}`, '--setf', `int_f0_target_mean=${manner.pitch}`]
    : [];
  // Its standard output may be a socket here, which flite cannot open by name: it writes to a file.
  const folder = mkdtempSync(join(tmpdir(), 'longconv-flite-'));
  try {
    const file = join(folder, 'word.wav');
    const args = ['-voice', voice, ...settings, '-t', word, '-o', file];
    run('flite', args);
    return decoded(readFileSync(file), `flite ${args.join(' ')}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let known: string | null = null;

/** "flite-2.2-current"; flite ends with code 1 after it has said so. Throws `MissingToolError` when it is not installed. */
export function fliteVersion(): string {
  known ??= /version: (\S+)/.exec(new TextDecoder().decode(run('flite', ['--version'], 1)))?.[1] ?? 'flite';
  return known;
}
