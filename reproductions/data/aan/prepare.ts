/** The documents of all pairs as character ids in one file, gone through twice: once to count, once to write. */
import { rmSync } from 'node:fs';
import type { CacheArrays } from '../cache.ts';
import { CharacterCounts, CharacterEncoder } from '../text/characters.ts';
import { RowsWriter, widthOf } from '../text/rows-on-disk.ts';
import { buildVocabulary, lraSpecials, packVocabulary } from '../text/vocabulary.ts';
import { readPairs } from './files.ts';

export interface PrepareOptions {
  quoting: boolean;
  /** Characters of a document. */
  most: number;
  signal?: AbortSignal | undefined;
  progress?: ((done: number, total: number) => void) | undefined;
}

/** Pairs between two reports; the total is that of the archive, counted with its training pairs twice. */
const AT_ONCE = 500;
const TOTAL = 2 * 147_086 + 18_090 + 17_437;

/**
 * Writes the ids to `tokens` and returns what goes beside them: `lengths` of the documents (first and second of every
 * pair), `labels`, `counts` of the pairs of each file, `vocabulary` of the first file, `digest` of the ids.
 */
export async function preparePairs(
  paths: readonly string[],
  tokens: string,
  { quoting, most, signal, progress }: PrepareOptions,
): Promise<CacheArrays> {
  let done = 0;
  const report = () => {
    if (++done % AT_ONCE === 0) progress?.(Math.min(done, TOTAL), TOTAL);
  };
  const characters = new CharacterCounts();
  for await (const { texts } of readPairs(paths[0], quoting, signal)) {
    report();
    for (const text of texts) characters.count(text, most);
  }
  const vocabulary = buildVocabulary(characters, { specials: lraSpecials });
  const encoder = new CharacterEncoder(vocabulary);
  const counts = new Int32Array(paths.length);
  const lengths: number[] = [];
  const labels: number[] = [];
  const ids = new Uint16Array(most);
  const writer = new RowsWriter(tokens, widthOf(vocabulary.size));
  try {
    for (const [i, path] of paths.entries())
      for await (const { label, texts } of readPairs(path, quoting, signal)) {
        report();
        counts[i]++;
        labels.push(label);
        for (const text of texts) {
          const n = encoder.encode(text, most, ids);
          writer.add(ids, n);
          lengths.push(n);
        }
      }
    return {
      lengths: Int32Array.from(lengths),
      labels: Uint8Array.from(labels),
      ...{ counts, vocabulary: packVocabulary(vocabulary), digest: writer.finish() },
    };
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

/** Both files, so that they are made again together. */
export function forget(...paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { force: true });
}
