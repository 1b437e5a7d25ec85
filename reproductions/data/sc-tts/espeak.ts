/**
 * The speakers of espeak-ng 1.51: 7 English accents times 99 voice variants. Two of its 101 variants are left out:
 * caleb and klatt6 give the sound of klatt, byte for byte. The accent en-gb is named by its file, gmw/en: under the name
 * en-gb espeak-ng 1.51 does not hear the variant, and all variants sound alike.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MissingToolError } from '../formats/format-error.ts';
import { decoded, run } from './program.ts';

export const accents: readonly string[] = [
  ...['en-us', 'gmw/en', 'en-gb-scotland', 'en-gb-x-rp', 'en-gb-x-gbclan', 'en-gb-x-gbcwmd', 'en-029'],
];

export const variants: readonly string[] = (
  'Alex,Alicia,Andrea,Andy,Annie,AnxiousAndy,Demonic,Denis,Diogo,Gene,Gene2,Henrique,Hugo,Jacky,Lee,Marco,Mario,' +
  'Michael,Mike,Mr serious,Nguyen,RicishayMax,RicishayMax2,RicishayMax3,Storm,Tweaky,UniRobot,adam,anika,anikaRobot,' +
  'announcer,antonio,aunty,belinda,benjamin,boris,croak,david,ed,edward,edward2,f1,f2,f3,f4,f5,fast,grandma,grandpa,' +
  'gustave,iven,iven2,iven3,iven4,john,kaukovalta,klatt,klatt2,klatt3,klatt4,klatt5,linda,m1,m2,m3,m4,m5,m6,m7,m8,' +
  'marcelo,max,michel,miguel,norbert,pablo,paul,pedro,quincy,rob,robert,robosoft,robosoft2,robosoft3,robosoft4,' +
  'robosoft5,robosoft6,robosoft7,robosoft8,sandro,shelby,steph,steph2,steph3,travis,victor,whisper,whisperf,zac'
).split(',');

/** Speaker s has accent s mod 7 and variant floor(s / 7). */
export const SPEAKERS = accents.length * variants.length;
export const voiceOf = (speaker: number): string =>
  `${accents[speaker % accents.length]}+${variants[Math.floor(speaker / accents.length)]}`;

export interface Manner {
  /** Words a minute (-s). */
  speed: number;
  /** 0..99 (-p). */
  pitch: number;
}

/** The word as espeak-ng speaks it: 22,050 samples a second, silence after its end. */
export function speakEspeak(word: string, speaker: number, { speed, pitch }: Manner) {
  const args = ['-v', voiceOf(speaker), '-s', String(speed), '-p', String(pitch), '--stdout', word];
  return decoded(run('espeak-ng', args), `espeak-ng ${args.join(' ')}`);
}

export interface Engine {
  /** "espeak-ng 1.51". */
  version: string;
  /** Beginning of the SHA-256 of the phonemes, the English dictionary, the accents and the variants that it speaks by. */
  data: string;
}

let known: Engine | null = null;

/**
 * Which espeak-ng is installed. Throws `MissingToolError` when there is none, or when it lacks a voice: espeak-ng itself
 * speaks with its default voice then, and says nothing.
 */
export function espeakEngine(): Engine {
  if (known) return known;
  const line = new TextDecoder().decode(run('espeak-ng', ['--version'])).trim();
  const found = /text-to-speech: (\S+)\s+Data at: (.+)$/m.exec(line);
  if (!found) throw new Error(`espeak-ng --version says ${JSON.stringify(line)}: no version and data folder in it`);
  const [, version, folder] = found;
  const voices = join(folder, 'voices', '!v');
  const there = existsSync(voices) ? readdirSync(voices) : [];
  const missing = variants.filter((variant) => !there.includes(variant));
  if (missing.length)
    throw new MissingToolError(
      `espeak-ng ${version} lacks ${missing.length} of ${variants.length} voice variants (${missing[0]} ...) in ` +
        `${voices}: the speakers are those of espeak-ng 1.51, as Debian 12 has it`,
    );
  const accentsFolder = join(folder, 'lang', 'gmw');
  const hash = createHash('sha256');
  for (const file of [
    ...['phondata', 'phonindex', 'phontab', 'intonations', 'en_dict'].map((name) => join(folder, name)),
    ...readdirSync(accentsFolder)
      .filter((name) => name.startsWith('en'))
      .sort()
      .map((name) => join(accentsFolder, name)),
    ...variants.map((variant) => join(voices, variant)),
  ])
    hash.update(readFileSync(file));
  known = { version: `espeak-ng ${version}`, data: hash.digest('hex').slice(0, 16) };
  return known;
}
