/**
 * LRA Retrieval: two papers of the ACL Anthology Network by characters, whether one cites the other, prepared as the S4
 * loader does. The first 3,999 code points of each text and `<eos>`; the vocabulary is that of both texts of the
 * training pairs so cut. A batch holds the first documents of all pairs, then the second ones, of one padded length.
 * More than a gigabyte of text: its ids are kept in the cache and read by position.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CacheArrays, CorruptFileError, cached, cacheFolder, keyHash, setAside } from '../cache.ts';
import { MissingFileError } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { fileStates } from '../file-state.ts';
import { CharacterTexts } from '../text/character-texts.ts';
import type { TokenRows } from '../text/rows.ts';
import { rowsOnDisk, widthOf } from '../text/rows-on-disk.ts';
import { unpackVocabulary } from '../text/vocabulary.ts';
import { pairFiles, QUOTING } from './files.ts';
import { forget, preparePairs } from './prepare.ts';

const RECIPE = 1;
/** Characters of a document; with `<eos>` 4,000. */
export const MOST = 3999;

export interface AanOptions extends OpenOptions {
  /** Whether the files are read with the quoting of CSV (`files.ts`). */
  quoting?: boolean;
}

/** Throws `MissingFileError` or `FormatError`. */
export async function openAan(options: AanOptions): Promise<CharacterTexts> {
  const { folder, sizes, quoting = QUOTING } = options;
  if (folder === undefined)
    throw new MissingFileError('aan: these are real papers only: repro data get lra, or --data <the folder tsv_data>');
  const { arrays, rows } = await prepared(pairFiles(folder), { ...options, quoting });
  const settings: AanOptions = { folder, quoting, ...(sizes ? { sizes } : {}) };
  return new CharacterTexts(
    {
      ...{ id: 'aan', kind: 'real', classes: 2, most: MOST, pairs: true },
      reopen: { module: import.meta.url, name: 'openAan', settings },
      description: ({ train, validation, test }) =>
        `pairs of papers by characters of ${folder} (${train} / ${validation} / ${test} pairs, ` +
        `read ${quoting ? 'with' : 'without'} quoting)`,
    },
    {
      rows,
      labels: arrays.labels,
      counts: Array.from(arrays.counts),
      vocabulary: unpackVocabulary(arrays.vocabulary as Uint8Array),
      digest: digestOf(arrays),
    },
    sizes,
  );
}

function digestOf({ digest, lengths, labels }: CacheArrays): string {
  const hash = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of [digest, lengths, labels])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

/** From the cache, or made now; a file of ids without its unit, or of another size, is made again. */
async function prepared(
  paths: readonly string[],
  { quoting, signal, progress }: AanOptions & { quoting: boolean },
): Promise<{ arrays: CacheArrays; rows: TokenRows }> {
  const key = { dataset: 'aan', recipe: RECIPE, files: fileStates(paths), quoting, most: MOST };
  const unit = `aan/${keyHash(key)}.lcd`;
  const tokens = join(cacheFolder(), `aan/${keyHash(key)}.ids`);
  const open = async () => {
    if (!existsSync(tokens)) forget(join(cacheFolder(), unit));
    const arrays = await cached(unit, key, () =>
      preparePairs(paths, tokens, { quoting, most: MOST, signal, progress }),
    );
    const vocabulary = unpackVocabulary(arrays.vocabulary as Uint8Array);
    return { arrays, rows: rowsOnDisk(tokens, arrays.lengths, widthOf(vocabulary.size)) };
  };
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error;
    console.error(`${error.message}: set aside as ${setAside(tokens)}, making it again`);
    return await open();
  }
}
