/**
 * OpenWebText as GPT-2 and FlashAttention's recipes (and H3's) train on it: GPT-2's tokens, <|endoftext|> after every
 * document, windows of 1,024. There is no published split: Hugging Face's `train_test_split(test_size=0.0005, seed=2357)`
 * holds out 4,007 documents for validation, and the reference code tests on the same. Documents are taken in the order of
 * `openwebtext.py` (archives, then files, by name) and shuffled by numpy's permutation, so that both streams are the
 * reference's token by token.
 */
import { rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { MissingFileError } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { requireSpace } from '../download/space.ts';
import { type DocumentStore, documentsOf, storeDocuments } from './document-store.ts';
import { gpt2Ranks, type Ranks } from './gpt2-vocabulary.ts';
import { NumpyGenerator } from './numpy-generator.ts';
import { findOpenWebText } from './openwebtext-files.ts';
import { packed, packedFolder, type Recipe, type Unit } from './pack.ts';
import { inputKey } from './real-input.ts';
import { referenceCache } from './reference-cache.ts';
import { type LanguageData, openTokens } from './token-dataset.ts';
import { Tokeniser } from './tokenise.ts';

export interface OpenWebTextOptions extends OpenOptions {
  /** Tokens of a window. Default 1024. */
  length?: number;
  /** For tests. */
  ranks?: Ranks;
}

export const heldOut = { share: 0.0005, seed: 2357 };

/** Bytes of text, about, by the size of what it is compressed to. */
const EXPANSION = 3.1;

export async function openOpenWebText(options: OpenWebTextOptions): Promise<LanguageData> {
  const { folder, length = 1024, sizes } = options;
  if (folder === undefined)
    throw new MissingFileError('openwebtext is read from its files: repro data get openwebtext');
  const description = `OpenWebText, GPT-2 tokens, end-of-text tokens, test = validation, windows of ${length}`;
  const settings = { id: 'openwebtext', kind: 'real' as const, description, length, ...(sizes ? { sizes } : {}) };
  const { ranks } = options;
  const before = await referenceCache('openwebtext', folder, { eos: true, ...(ranks ? { ranks } : {}) }, options);
  if (before) return openTokens({ ...settings, packed: before });
  const recipe = recipeOf(folder, options);
  const stage = `${packedFolder(recipe)}.documents`;
  const { units, close } = unitsOf(folder, stage, recipe, options);
  const result = await packed({ ...recipe, units }, options).finally(close);
  rmSync(stage, { recursive: true, force: true });
  return openTokens({ ...settings, packed: result, testIsValidation: true });
}

function recipeOf(folder: string, { ranks }: OpenWebTextOptions): Recipe {
  const { files } = findOpenWebText(folder);
  // Twenty thousand files are known by their names and sizes: dates change when they are unpacked again.
  const inputs = files.length > 100 ? files.map((file) => inputKey(file).slice(0, 2)) : files.map(inputKey);
  return {
    ...{ dataset: 'openwebtext', eos: true, ranks: ranks ?? gpt2Ranks('openwebtext') },
    key: { dataset: 'openwebtext', heldOut, inputs },
    ...{ units: { train: [], validation: [], test: [] }, same: 'validation' },
  };
}

/** Both splits come out of one store of documents, which is made when the first of them is asked for. */
function unitsOf(
  folder: string,
  stage: string,
  recipe: Recipe,
  options: OpenWebTextOptions,
): { units: Recipe['units']; close(): void } {
  const { files, archives } = findOpenWebText(folder);
  const size = files.reduce((n, file) => n + statSync(file).size, 0) * EXPANSION;
  let made: Promise<{ store: DocumentStore; order: Uint32Array; held: number }> | null = null;
  let reader: { close(): void } | null = null;
  const make = async () => {
    requireSpace(dirname(stage), size / 2, 'openwebtext, the documents on their way,');
    const tokeniser = new Tokeniser(recipe.ranks, options.workers);
    try {
      const { signal, progress } = options;
      const store = await storeDocuments(stage, archives(), tokeniser, {
        ...(signal ? { signal } : {}),
        progress: (bytes) => progress?.(Math.min(bytes, size), 2 * size),
      });
      reader = store.tokens;
      const n = store.counts.length;
      return { store, order: new NumpyGenerator(heldOut.seed).permutation(n), held: Math.ceil(n * heldOut.share) };
    } finally {
      await tokeniser.close();
    }
  };
  const part = (name: string, of: (held: number) => [number, number | undefined]): Unit => ({
    ...{ name, size },
    async *tokens() {
      made ??= make();
      const { store, order, held } = await made;
      yield* documentsOf(store, order.subarray(...of(held)));
    },
  });
  const train = [part('train', (held) => [held, undefined])];
  const validation = [part('validation', (held) => [0, held])];
  return { units: { train, validation, test: [] }, close: () => reader?.close() };
}
