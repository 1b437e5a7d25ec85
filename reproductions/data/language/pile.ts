/**
 * The Pile as H3, Hyena and Long Conv train on it: GPT-2's tokens, <|endoftext|> after every document, shards in order,
 * windows of 2,048. The perplexity is per token.
 */
import { basename } from 'node:path';
import { MissingFileError, type SplitName } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { FormatError, quoted } from '../formats/format-error.ts';
import { readDocuments } from '../formats/jsonl.ts';
import { gpt2Ranks, type Ranks } from './gpt2-vocabulary.ts';
import { packed, type Unit } from './pack.ts';
import type { Packed } from './packed.ts';
import { components } from './pile-components.ts';
import { wholePile } from './pile-editions.ts';
import { findPile, type PileFiles } from './pile-files.ts';
import { inputKey, textSize } from './real-input.ts';
import { referenceCache } from './reference-cache.ts';
import { type LanguageData, openTokens } from './token-dataset.ts';

export interface PileOptions extends OpenOptions {
  /** Tokens of a window. Default 2048. */
  length?: number;
  /** For tests. */
  ranks?: Ranks;
}

export async function openPile(options: PileOptions, edition = wholePile): Promise<LanguageData> {
  const { id, kind, title } = edition;
  const { folder, length = 2048, sizes } = options;
  if (folder === undefined)
    throw new MissingFileError(`${id} is read from its files: repro data get ${id}, or --data <their folder>`);
  const { ranks } = options;
  const before = await referenceCache(id, folder, { eos: true, ...(ranks ? { ranks } : {}) }, options);
  if (!before) await requireComponents(findPile(folder, id));
  const packed = before ?? (await packPile(id, folder, options));
  const shards = before ? 'packed by the reference code' : `${findPile(folder, id).train.length} training shards`;
  return openTokens({
    ...{ id, kind, length, packed },
    description: `${title}, ${shards}, GPT-2 tokens, end-of-text tokens, windows of ${length}`,
    ...(sizes ? { sizes } : {}),
  });
}

/** A stand-in lies in the same files (`pile-mini`): the first document of each says whose it is. */
async function requireComponents({ validation, test }: PileFiles): Promise<void> {
  for (const path of [...validation, ...test])
    for await (const { set } of readDocuments(path)) {
      if (set !== null && !(set in components))
        throw new FormatError(
          path,
          0,
          `its first document is of ${quoted(set)}, which is no component of the Pile: a stand-in is asked for by its own ` +
            'name, such as pile-mini',
        );
      break;
    }
}

/** Also for stand-ins that are written in the same files; `key` is their recipe, otherwise the files are told by date. */
export async function packPile(dataset: string, folder: string, options: PileOptions, key?: unknown): Promise<Packed> {
  const files = findPile(folder, dataset);
  const units = (split: SplitName): Unit[] => files[split].map(unitOf);
  return await packed(
    {
      ...{ dataset, eos: true, ranks: options.ranks ?? gpt2Ranks(dataset) },
      key: key ?? { dataset, inputs: Object.values(files).flat().map(inputKey) },
      units: { train: units('train'), validation: units('validation'), test: units('test') },
    },
    options,
  );
}

const unitOf = (path: string): Unit => ({
  ...{ name: basename(path), size: textSize(path) },
  async *documents() {
    for await (const { text } of readDocuments(path)) yield text;
  },
});
