/** For the tests, which cannot count on GPT-2's ranks being there. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Ranks } from './gpt2-vocabulary.ts';

/** The bytes and some merges, learnt by nobody, in the layout of GPT-2's ranks. */
export function smallVocabulary(): Uint8Array[] {
  const bytes = Array.from({ length: 256 }, (_, i) => Uint8Array.of((i + 33) % 256));
  const merges = [
    ' a',
    'aa',
    'ab',
    ' t',
    'aaa',
    'bb',
    'abc',
    '12',
    '\n\n',
    'é',
    'st',
    '日',
    ' ab',
    'abcab',
    'cab',
    '  ',
  ];
  // 日 and é are merged byte by byte.
  const steps = merges.flatMap((m) => {
    const whole = Buffer.from(m);
    return /^[日]$/.test(m) ? [whole.subarray(0, 2), whole] : [whole];
  });
  return [...bytes, ...steps];
}

/** The same as a file. */
export function writeSmallRanks(file: string): Ranks {
  const text = smallVocabulary()
    .map((token, id) => `${Buffer.from(token).toString('base64')} ${id}\n`)
    .join('');
  writeFileSync(file, text);
  return { file, sha256: createHash('sha256').update(text).digest('hex') };
}
