/**
 * Examples of a synthetic language in a file, from here or from elsewhere: JSON lines, each
 *
 *     {"tokens": "15 17 13 2 => 15 17", "vocabulary": 20}
 *
 * with the language's settings where they are not the usual ones, or the tokens alone as a string.
 */
import { statSync } from 'node:fs';
import { UsageError } from '../../../results/terminal/errors.ts';
import { type Comparison, compareNone } from '../comparison.ts';
import type { Verified } from '../definition.ts';
import { openContent } from '../formats/decompress.ts';
import { FormatError } from '../formats/format-error.ts';
import { readJsonLines } from '../formats/jsonl.ts';
import type { Language } from './language.ts';
import { Examiner } from './verify.ts';

/** Statistics are only judged from so many examples on. */
const FEWEST = 500;
const NAMED = 5;

type Settings = Record<string, unknown>;

/** `languageOf` makes the language of some settings; it throws where they cannot be. */
export async function verifyFile(
  path: string,
  known: readonly string[],
  languageOf: (settings: Settings) => Language,
  signal?: AbortSignal,
): Promise<Verified> {
  if (statSync(path).isDirectory())
    throw new UsageError(`${path} is a folder: give a file of JSON lines with examples`);
  const groups = new Map<string, { examiner: Examiner; byLength: Map<number, Uint8Array[]> }>();
  const complaints: string[] = [];
  let [unreadable, count] = [0, 0];
  for await (const { value, line, offset } of readJsonLines(openContent(path), path)) {
    signal?.throwIfAborted();
    count++;
    const { tokens, ...settings } = (typeof value === 'string' ? { tokens: value } : (value ?? {})) as Settings;
    if (typeof tokens !== 'string')
      throw new FormatError(path, offset, `line ${line} has no "tokens" that is a string of tokens`);
    const unknown = Object.keys(settings).find((name) => !known.includes(name));
    if (unknown) throw new FormatError(path, offset, `line ${line} has "${unknown}"; settings are ${known.join(', ')}`);
    try {
      const key = JSON.stringify(settings);
      const group = groups.get(key) ?? { examiner: new Examiner(languageOf(settings)), byLength: new Map() };
      groups.set(key, group);
      const example = group.examiner.language.vocabulary.encode(tokens);
      if (group.examiner.look(example, `${path}, line ${line}`))
        group.byLength.set(example.length, [...(group.byLength.get(example.length) ?? []), example]);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (++unreadable <= NAMED) complaints.push(`${path}, line ${line}: ${error.message}`);
    }
  }
  if (!count) throw new FormatError(path, null, 'there are no examples in it');
  const rows: Comparison[] = [compareNone('lines that are not tokens of the language', unreadable)];
  for (const [settings, { examiner, byLength }] of groups) {
    const { language } = examiner;
    const found = [...examiner.rows()];
    for (const [tokens, examples] of byLength)
      if (examples.length >= FEWEST) found.push(...language.compare(examples, language.lengthOf(tokens)));
    const which = groups.size > 1 ? `${settings}: ` : '';
    rows.push(...found.map((row) => ({ ...row, quantity: which + row.quantity })));
    complaints.push(...examiner.complaints);
  }
  return { what: `${count} examples of ${path}`, rows, complaints };
}
