/** What is known of WikiText-103: its lines (the dataset's card) and, raw, its training tokens (safari's configuration). */
import { MissingFileError, splitNames } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { compareExactly, compareSizes, tokenComplaints } from './compare.ts';
import { openWikiText, type WikiTextOptions } from './wikitext.ts';
import { findWikiText } from './wikitext-files.ts';

const lines = { train: 1_801_350, validation: 3_760, test: 4_358 };
const trainTokens = 117_920_140;

export async function verifyWikiText({
  from,
  ...options
}: VerifyOptions & Pick<WikiTextOptions, 'ranks'>): Promise<Verified> {
  if (from === undefined)
    throw new MissingFileError('wikitext-103 is read from its files: repro data get wikitext-103');
  const files = findWikiText(from, 'raw');
  const rows = [];
  const complaints: string[] = [];
  for (const split of splitNames) {
    let found = 0;
    let inner = 0;
    for await (const some of files[split].rows()) {
      options.signal?.throwIfAborted();
      found += some.length;
      // Each row is one line: that is why no end-of-text token is needed.
      for (const row of some) if (row && row.indexOf('\n') !== row.length - 1) inner++;
    }
    rows.push(compareExactly(`${split}: lines`, found, lines[split]));
    if (inner) complaints.push(`${split}: ${inner} rows are not one line with its line end`);
  }
  const data = await openWikiText({ ...options, folder: from });
  rows.push(...compareSizes(data, { train: { tokens: trainTokens } }));
  complaints.push(...tokenComplaints(data));
  data.close?.();
  return { what: `WikiText-103, raw, in ${from}, with GPT-2's tokens`, rows, complaints };
}
