/**
 * WikiText-103 (Merity et al. 2017, arXiv 1609.07843) as H3, Hyena and Long Conv train on it: the raw version, GPT-2's
 * tokens, each row on its own, no <|endoftext|> (rows end with a line end), windows of 1,024. The perplexity is per token
 * and is not that of word models (Transformer-XL, S4), which is per word of the version with `<unk>`.
 */
import { basename } from 'node:path';
import { MissingFileError, type SplitName, splitNames } from '../dataset.ts';
import type { OpenOptions } from '../definition.ts';
import { FormatError } from '../formats/format-error.ts';
import { detokenise as undo } from './detokenise.ts';
import { gpt2Ranks, type Ranks } from './gpt2-vocabulary.ts';
import { packed, type Unit } from './pack.ts';
import type { Packed } from './packed.ts';
import { inputKey } from './real-input.ts';
import { referenceCache } from './reference-cache.ts';
import { type LanguageData, openTokens } from './token-dataset.ts';
import { findWikiText, type WikiTextFiles, type WikiTextVersion } from './wikitext-files.ts';

export interface WikiTextOptions extends OpenOptions {
  /** Tokens of a window. Default 1024. */
  length?: number;
  version?: WikiTextVersion;
  /** Undo the spacing, to test models of plain text. */
  detokenise?: boolean;
  /** For tests. */
  ranks?: Ranks;
}

export async function openWikiText(options: WikiTextOptions): Promise<LanguageData> {
  const { folder, length = 1024, version = 'raw', detokenise = false, sizes } = options;
  if (folder === undefined)
    throw new MissingFileError('wikitext-103 is read from its files: repro data get wikitext-103');
  const packed = await packWikiText('wikitext-103', folder, options);
  const spacing = detokenise ? 'its spacing undone' : 'no detokeniser';
  return openTokens({
    ...{ id: 'wikitext-103', kind: 'real', length, packed },
    description: `WikiText-103 ${version}, GPT-2 tokens, no end-of-text token, ${spacing}, windows of ${length}`,
    ...(sizes ? { sizes } : {}),
  });
}

/** Also for stand-ins that are written in the same files; `recipe` is theirs, otherwise the files are told by date. */
export async function packWikiText(
  dataset: string,
  folder: string,
  options: WikiTextOptions,
  recipe?: unknown,
): Promise<Packed> {
  const { version = 'raw', detokenise = false, ranks } = options;
  const recipeOfCache = { eos: false, detokenise, ...(ranks ? { ranks } : {}) };
  const before = version === 'raw' ? await referenceCache(dataset, folder, recipeOfCache, options) : null;
  if (before) return before;
  const files = findWikiText(folder, version);
  if (recipe === undefined) await requireArticles(files);
  const inputs = recipe ?? [...new Set(splitNames.flatMap((split) => files[split].files))].map(inputKey);
  const units = (split: SplitName): Unit[] => [unitOf(files, split, detokenise)];
  return await packed(
    {
      ...{ dataset, eos: false, detokenise, ranks: options.ranks ?? gpt2Ranks(dataset) },
      key: { dataset, version, detokenise, inputs },
      units: { train: units('train'), validation: units('validation'), test: units('test') },
    },
    options,
  );
}

/** A stand-in lies in the same files (`brown-wt`): its headings are names of files of the Brown corpus. */
async function requireArticles({ validation: { files, rows } }: WikiTextFiles): Promise<void> {
  for await (const some of rows()) {
    const heading = some.find((row) => /^ = c[a-r]\d\d = \n$/.test(row));
    if (heading)
      throw new FormatError(
        files[0],
        null,
        `"${heading.trim()}" heads a file of the Brown corpus, not an article of Wikipedia: ask for brown-wt by its name`,
      );
    return;
  }
}

function unitOf(files: WikiTextFiles, split: SplitName, detokenise: boolean): Unit {
  const { files: from, size, rows } = files[split];
  return {
    ...{ name: `${split} of ${from.map((file) => basename(file)).join(', ')}`, size },
    async *documents() {
      for await (const some of rows()) yield detokenise ? some.map(undo) : some;
    },
  };
}
