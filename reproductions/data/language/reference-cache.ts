/**
 * A corpus that the reference code has packed (safari's `cache_dir`): a folder `tokenizer_name-gpt2-...` with
 * `train.npy`, `validation.npy` and `test.npy`, uint16. Days of packing need not be repeated: the files are read where
 * they are. What their names do not tell is counted once and kept: the bytes of text, from the lengths of the tokens.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { cacheFolder, keyHash, writeAtomically } from '../cache.ts';
import { type SplitName, splitNames } from '../dataset.ts';
import type { WorkOptions } from '../definition.ts';
import { FormatError } from '../formats/format-error.ts';
import { END, gpt2Ranks, type Ranks, readVocabulary, VOCABULARY } from './gpt2-vocabulary.ts';
import type { Packed, PackedSplit } from './packed.ts';
import { inputKey } from './real-input.ts';
import { bytesOf, TokenReader } from './token-file.ts';

/** Null when the folder is not one of the reference code. Throws `FormatError` for tokens that GPT-2 does not have. */
export async function referenceCache(
  dataset: string,
  folder: string,
  recipe: { eos: boolean; detokenise?: boolean; ranks?: Ranks },
  options: WorkOptions = {},
): Promise<Packed | null> {
  const paths = splitNames.map((split) => join(folder, `${split}.npy`));
  if (!paths.every((path) => existsSync(path) && statSync(path).isFile())) return null;
  requireRecipe(folder, recipe);
  const key = [resolve(folder), ...paths.map(inputKey)];
  const record = join(cacheFolder(), dataset, `counted-${keyHash(key)}.json`);
  if (existsSync(record)) return { folder, splits: JSON.parse(readFileSync(record, 'utf8')) };
  const { starts } = readVocabulary(recipe.ranks ?? gpt2Ranks(dataset));
  const lengths = Uint32Array.from({ length: VOCABULARY }, (_, id) => (id < END ? starts[id + 1] - starts[id] : 0));
  const splits = {} as Record<SplitName, PackedSplit>;
  for (const [i, split] of splitNames.entries()) splits[split] = await count(paths[i], lengths, options);
  writeAtomically(record, [new TextEncoder().encode(`${JSON.stringify(splits, null, 1)}\n`)]);
  return { folder, splits };
}

async function count(path: string, lengths: Uint32Array, options: WorkOptions): Promise<PackedSplit> {
  const file = new TokenReader(path);
  const hash = createHash('sha256');
  let bytes = 0;
  let documents = 0;
  let done = 0;
  try {
    for (const piece of file.pieces()) {
      for (let i = 0; i < piece.length; i++) {
        const id = piece[i];
        if (id >= VOCABULARY)
          throw new FormatError(path, null, `token ${done + i} is ${id}, which GPT-2 does not have`);
        bytes += lengths[id];
        if (id === END) documents++;
      }
      hash.update(bytesOf(piece));
      done += piece.length;
      options.progress?.(done, file.tokens);
      options.signal?.throwIfAborted();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  } finally {
    file.close();
  }
  // As `pack.ts` sums up a split that is one unit, so that equal tokens give equal checksums.
  const sha256 = createHash('sha256').update(hash.digest('hex')).digest('hex');
  return { tokens: file.tokens, documents, bytes, sha256 };
}

/** The name of the reference's folder says how it was packed. */
function requireRecipe(folder: string, { eos, detokenise = false }: { eos: boolean; detokenise?: boolean }): void {
  const name = basename(resolve(folder));
  const said = /add_eos-(True|False)-detokenize-(True|False)/.exec(name);
  if (!said) return;
  const wanted = [eos, detokenise].map((value) => (value ? 'True' : 'False'));
  if (said[1] !== wanted[0] || said[2] !== wanted[1])
    throw new FormatError(
      folder,
      null,
      `it was packed with add_eos-${said[1]}-detokenize-${said[2]}, and this dataset needs add_eos-${wanted[0]}-` +
        `detokenize-${wanted[1]}`,
    );
}
