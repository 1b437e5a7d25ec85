/** Rows of `repro data verify` that several corpora share. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison } from '../comparison.ts';
import { type SplitName, splitNames } from '../dataset.ts';
import { checkPacked } from './packed.ts';
import type { LanguageData } from './token-dataset.ts';

/** A count that must be exactly right. */
export const compareExactly = (quantity: string, here: number | string, reference: number | string): Comparison => ({
  ...{ quantity, here: digits(here), reference: digits(reference) },
  distance: here === reference ? 0 : differ(here, reference),
  ...{ limit: 0, measure: 'difference' },
});

/** Large counts to the last digit; tables round numbers. */
const digits = (n: number | string): number | string => (Number.isInteger(n) && Number(n) >= 1e7 ? String(n) : n);

const differ = (here: number | string, reference: number | string): number =>
  typeof here === 'number' && typeof reference === 'number' ? Math.abs(here - reference) : 1;

/** Something that is worth seeing and is judged by nothing. */
export const shown = (quantity: string, here: number | string, reference: number | string = '-'): Comparison => ({
  ...{ quantity, here: digits(here), reference: digits(reference), distance: null, limit: null, measure: '' },
});

/** Documents, tokens and bytes of each split; those with a reference are judged by it. */
export const compareSizes = (
  data: LanguageData,
  known: Partial<Record<SplitName, { documents?: number; tokens?: number; bytes?: number }>>,
): Comparison[] =>
  splitNames.flatMap((split) => {
    const { documents, tokens, bytes } = data.packed[split];
    const reference = known[split] ?? {};
    const row = (what: string, here: number, expected: number | undefined) =>
      expected === undefined ? shown(`${split}: ${what}`, here) : compareExactly(`${split}: ${what}`, here, expected);
    return [
      row('documents that are not empty', documents, reference.documents),
      row('tokens', tokens, reference.tokens),
      row('bytes of text', bytes, reference.bytes),
      shown(`${split}: windows of ${data.length}`, Math.max(0, Math.floor((tokens - 1) / data.length))),
    ];
  });

/** What is wrong with the files of tokens, read from the first to the last: nothing, or one sentence. */
export function tokenComplaints({ folder }: LanguageData): string[] {
  if (!existsSync(join(folder, 'packed.json'))) return [];
  const found = checkPacked(folder);
  return typeof found === 'string' ? [`${folder}: ${found}: remove the folder, and it is made again`] : [];
}
