/** The components of the Pile by `pile_set_name`, and their shares of the bytes after up-sampling (Gao et al., table 1). */
import type { Comparison } from '../comparison.ts';
import { readDocuments } from '../formats/jsonl.ts';
import { shown } from './compare.ts';

interface Component {
  /** Percent. */
  share: number;
  /** Nobody looked it up for this table: shown beside what is found, and not judged. */
  remembered?: true;
}

const of = (share: number): Component => ({ share });
const remembered = (share: number): Component => ({ share, remembered: true });

export const components: Readonly<Record<string, Component>> = {
  ...{ 'Pile-CC': of(18.11), 'PubMed Central': of(14.4), Books3: of(12.07), OpenWebText2: of(10.01), ArXiv: of(8.96) },
  ...{ Github: of(7.59), FreeLaw: of(6.12), StackExchange: of(5.13), 'USPTO Backgrounds': of(3.65) },
  ...{ 'PubMed Abstracts': of(3.07), 'Gutenberg (PG-19)': of(2.17), OpenSubtitles: remembered(1.55) },
  ...{ 'Wikipedia (en)': remembered(1.53), 'DM Mathematics': remembered(1.24), 'Ubuntu IRC': remembered(0.88) },
  ...{ BookCorpus2: remembered(0.75), EuroParl: remembered(0.73), HackerNews: remembered(0.62) },
  ...{ YoutubeSubtitles: remembered(0.6), PhilPapers: remembered(0.38), 'NIH ExPorter': remembered(0.3) },
  'Enron Emails': of(0.14),
};

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
 * Shares of the bytes against the published ones. The error of a share comes from the sizes of the documents themselves,
 * sqrt(sum of squares) / total, with the published figures' last digit added.
 */
export function compareComponents(counts: ReadonlyMap<string, ComponentCounts>): Comparison[] {
  const total = [...counts.values()].reduce((n, { bytes }) => n + bytes, 0);
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const rows = Object.entries(components).map(([name, { share, remembered }]): Comparison => {
    const { bytes, squares } = counts.get(name) ?? { bytes: 0, squares: 0 };
    const quantity = `share of ${name}`;
    if (remembered) return shown(quantity, percent(bytes / total), `~${share.toFixed(2)} %`);
    const error = Math.hypot(Math.sqrt(squares) / total, 0.00005);
    const distance = Math.abs(bytes / total - share / 100) / error;
    const reference = `${share.toFixed(2)} %`;
    return { quantity, here: percent(bytes / total), reference, distance, limit: 5, measure: 'standard errors' };
  });
  for (const [name, { bytes }] of counts)
    if (!(name in components)) rows.push(shown(`share of ${name}`, percent(bytes / total), 'no component of the Pile'));
  return rows;
}
