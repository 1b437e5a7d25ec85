/**
 * `pile-mini`: a mixture of English texts that npm packages carry, in the files of the Pile, read by the Pile's reader.
 * Other texts and far fewer: the perplexities of the papers cannot be compared with what is measured on it.
 *
 *     Brown Corpus          500 files of 1961's American English, a paragraph a line, words and marks between blanks
 *     State of the Union    the addresses since 1790
 *     Moby-Dick             by chapters
 *     WordNet               glosses, 200 to a document
 *     SpamAssassin ham      bodies of e-mail that is no spam, without lines of more than 400 characters
 *     npm packages          documentation and type declarations
 */
import { join } from 'node:path';
import { cacheFolder, keyHash } from '../cache.ts';
import { addresses } from '../corpora/addresses.ts';
import { brownDocuments } from '../corpora/brown.ts';
import { nodeTypesPackage, wordnetPackage } from '../corpora/language-packages.ts';
import { messages } from '../corpora/messages.ts';
import { chapters } from '../corpora/moby-dick.ts';
import { packageTexts } from '../corpora/package-text.ts';
import { brownPackage, spamAssassinPackage, stdlibDatasets } from '../corpora/packages.ts';
import { glosses } from '../corpora/wordnet.ts';
import type { NpmPackage, OpenOptions } from '../definition.ts';
import { packageFolder } from '../packages/packages.ts';
import { gptTokenizer, type Ranks } from './gpt2-vocabulary.ts';
import { packPile } from './pile.ts';
import { type LanguageData, openTokens } from './token-dataset.ts';
import { type ShardDocument, writeShards } from './write-shards.ts';

const id = 'pile-mini';
/** Raised when the documents of the same packages change. */
const VERSION = 1;
const GLOSSES = 200;
const LONGEST_LINE = 400;

export const texts = [brownPackage, stdlibDatasets, wordnetPackage, spamAssassinPackage, nodeTypesPackage] as const;
export const pileMiniPackages: readonly NpmPackage[] = [...texts, gptTokenizer];

export interface PileMiniOptions extends OpenOptions {
  /** Tokens of a window. Default 2048. */
  length?: number;
  /** For tests. */
  ranks?: Ranks;
  folderOf?: (pin: NpmPackage) => string;
}

export async function openPileMini(options: PileMiniOptions): Promise<LanguageData> {
  const { length = 2048, sizes } = options;
  const folder = await pileMiniFolder(options);
  const packed = await packPile(id, folder, options, recipe);
  return openTokens({
    ...{ id, kind: 'stand-in:pile-mini', length, packed },
    description:
      'stand-in for the Pile: Brown corpus, State of the Union, Moby-Dick, WordNet glosses, e-mail, documentation; ' +
      `GPT-2 tokens, end-of-text tokens, windows of ${length}`,
    ...(sizes ? { sizes } : {}),
  });
}

const recipe = { dataset: id, version: VERSION, packages: texts.map(({ integrity }) => integrity) };

/** The folder with the shards; written when it is not there. */
export async function pileMiniFolder(options: PileMiniOptions): Promise<string> {
  const folder = join(cacheFolder(), id, `shards-${keyHash(recipe)}`);
  const folderOf = options.folderOf ?? ((pin) => packageFolder(pin, id));
  await writeShards(folder, async () => pileMiniDocuments(folderOf), options.signal ? { signal: options.signal } : {});
  return folder;
}

/** All documents, by component. */
export function pileMiniDocuments(folderOf: (pin: NpmPackage) => string): ShardDocument[] {
  const brown = brownDocuments(folderOf(brownPackage)).map(({ paragraphs }) =>
    paragraphs.map((sentences) => sentences.map((words) => words.join(' ')).join(' ')).join('\n'),
  );
  const stdlib = folderOf(stdlibDatasets);
  const all = glosses(folderOf(wordnetPackage));
  const groups = Array.from({ length: Math.ceil(all.length / GLOSSES) }, (_, i) =>
    all.slice(i * GLOSSES, (i + 1) * GLOSSES).join('\n'),
  );
  const ham = messages(folderOf(spamAssassinPackage))
    .filter(({ spam }) => !spam)
    .map(({ body }) =>
      body
        .split('\n')
        .filter((line) => line.length <= LONGEST_LINE)
        .join('\n'),
    );
  const parts: [string, string[]][] = [
    ['Brown Corpus', brown],
    ['State of the Union', addresses(stdlib).map(({ text }) => text)],
    ['Moby-Dick', chapters(stdlib).map(({ text }) => text)],
    ['WordNet', groups],
    ['SpamAssassin ham', ham],
    [
      'npm packages',
      [nodeTypesPackage, stdlibDatasets].flatMap((pin) => packageTexts(folderOf(pin)).map((t) => t.text)),
    ],
  ];
  return parts.flatMap(([set, found]) => found.filter((text) => text.trim()).map((text) => ({ text, set })));
}
