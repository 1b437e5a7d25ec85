/** The components of the Pile by `pile_set_name`, and what the paper says of them. */
import type { Comparison } from '../comparison.ts';
import { readDocuments } from '../formats/jsonl.ts';
import { shown } from './compare.ts';

/** Percent of the bytes, after up-sampling (Gao et al. 2020, table 1). */
export const components: Readonly<Record<string, number>> = {
  ...{ 'Pile-CC': 18.11, 'PubMed Central': 14.4, Books3: 12.07, OpenWebText2: 10.01, ArXiv: 8.96, Github: 7.59 },
  ...{ FreeLaw: 6.12, StackExchange: 5.13, 'USPTO Backgrounds': 3.65, 'PubMed Abstracts': 3.07 },
  ...{ 'Gutenberg (PG-19)': 2.17, OpenSubtitles: 1.55, 'Wikipedia (en)': 1.53, 'DM Mathematics': 1.24 },
  ...{ 'Ubuntu IRC': 0.88, BookCorpus2: 0.75, EuroParl: 0.73, HackerNews: 0.62, YoutubeSubtitles: 0.6 },
  ...{ PhilPapers: 0.38, 'NIH ExPorter': 0.3, 'Enron Emails': 0.14 },
};

/** What the copy without copyrighted parts lacks (its card). */
export const withdrawn: readonly string[] = [
  ...['Books3', 'BookCorpus2', 'OpenSubtitles', 'YoutubeSubtitles', 'OpenWebText2'],
];

export interface ComponentCounts {
  documents: number;
  bytes: number;
  /** Sum of the squares of the documents' bytes, for the error of a share. */
  squares: number;
}

/** Of the first `limit` documents of every file. */
export async function countComponents(
  files: readonly string[],
  { limit = Number.POSITIVE_INFINITY, signal }: { limit?: number; signal?: AbortSignal } = {},
): Promise<Map<string, ComponentCounts>> {
  const counts = new Map<string, ComponentCounts>();
  for (const file of files) {
    let left = limit;
    for await (const { text, set } of readDocuments(file)) {
      signal?.throwIfAborted();
      const name = set ?? '(no pile_set_name)';
      const count = counts.get(name) ?? { documents: 0, bytes: 0, squares: 0 };
      const bytes = Buffer.byteLength(text);
      counts.set(name, count);
      count.documents++;
      count.bytes += bytes;
      count.squares += bytes * bytes;
      if (--left <= 0) break;
    }
  }
  return counts;
}

/**
 * Shares of the bytes against the published ones, spread over the others where some are `without`. The error of a share
 * comes from the sizes of the documents themselves, sqrt(sum of squares) / total, with the published figures' last digit
 * added.
 */
export function compareComponents(
  counts: ReadonlyMap<string, ComponentCounts>,
  without: readonly string[] = [],
): Comparison[] {
  const total = [...counts.values()].reduce((n, { bytes }) => n + bytes, 0);
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const expected = Object.entries(components).filter(([name]) => !without.includes(name));
  const whole = expected.reduce((n, [, share]) => n + share, 0);
  const rows = expected.map(([name, published]): Comparison => {
    const { bytes, squares } = counts.get(name) ?? { bytes: 0, squares: 0 };
    const share = published / whole;
    const error = Math.hypot(Math.sqrt(squares) / total, 0.005 / whole);
    const distance = Math.abs(bytes / total - share) / error;
    const row = { quantity: `share of ${name}`, here: percent(bytes / total), reference: percent(share), distance };
    return { ...row, limit: 5, measure: 'standard errors' };
  });
  for (const [name, { bytes }] of counts)
    if (!expected.some(([known]) => known === name))
      rows.push(shown(`share of ${name}`, percent(bytes / total), 'no component'));
  return rows;
}
