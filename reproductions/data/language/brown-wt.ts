/**
 * `brown-wt`: the Brown corpus (1.16 million words of American English printed in 1961) in the files of WikiText-103, read
 * by WikiText's reader: ` = ca01 = ` for headings, a paragraph a line, words and marks between blanks. Of each of the 15
 * categories one file in twenty is for validation and one for testing: 450, 25 and 25 files. In the version v1, words that
 * the training files have fewer than three times are `<unk>`. Far smaller than WikiText-103 and of another time: the
 * perplexities of the papers cannot be compared with what is measured on it.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { storageError } from '../../../results/terminal/errors.ts';
import { cacheFolder, keyHash } from '../cache.ts';
import { type BrownDocument, brownDocuments } from '../corpora/brown.ts';
import { brownPackage } from '../corpora/packages.ts';
import { type SplitName, splitNames } from '../dataset.ts';
import type { NpmPackage } from '../definition.ts';
import { acquire } from '../download/lock.ts';
import { packageFolder } from '../packages/packages.ts';
import { type LanguageData, openTokens } from './token-dataset.ts';
import { packWikiText, type WikiTextOptions } from './wikitext.ts';

const id = 'brown-wt';
/** Raised when the files of the same package change. */
const VERSION = 1;
/** Files for validation, and as many for testing. */
const HELD_OUT = 25;
const RARE = 3;

export interface BrownWtOptions extends WikiTextOptions {
  /** For tests. */
  folderOf?: (pin: NpmPackage) => string;
}

export async function openBrownWt(options: BrownWtOptions): Promise<LanguageData> {
  const { length = 1024, version = 'raw', detokenise = false, sizes } = options;
  const folder = await brownWtFolder(options);
  const packed = await packWikiText(id, folder, options, recipe);
  return openTokens({
    ...{ id, kind: 'stand-in:brown-wt', length, packed },
    description:
      `stand-in for WikiText-103: the Brown corpus in its files, ${version}, GPT-2 tokens, no end-of-text token, ` +
      `${detokenise ? 'its spacing undone' : 'no detokeniser'}, windows of ${length}`,
    ...(sizes ? { sizes } : {}),
  });
}

const recipe = { dataset: id, version: VERSION, package: brownPackage.integrity };

/** The folder with the six files; written when it is not there, whole or not at all. */
export async function brownWtFolder({ folderOf, signal }: BrownWtOptions): Promise<string> {
  const folder = join(cacheFolder(), id, `files-${keyHash(recipe)}`);
  if (existsSync(folder)) return folder;
  const documents = brownDocuments((folderOf ?? ((pin) => packageFolder(pin, id)))(brownPackage));
  mkdirSync(dirname(folder), { recursive: true });
  const lock = await acquire(`${folder}.lock`, signal ? { signal } : {});
  const aside = `${folder}.writing`;
  try {
    if (existsSync(folder)) return folder;
    rmSync(aside, { recursive: true, force: true });
    mkdirSync(aside, { recursive: true });
    for (const [name, text] of brownWtFiles(documents)) writeFileSync(join(aside, name), text);
    lock.confirm();
    renameSync(aside, folder);
    return folder;
  } catch (error) {
    throw storageError(aside, error, 'LONGCONV_CACHE');
  } finally {
    rmSync(aside, { recursive: true, force: true });
    lock.release();
  }
}

/** Names and contents: `wiki.train.raw`, `wiki.train.tokens`, ... */
export function brownWtFiles(documents: readonly BrownDocument[], heldOut = HELD_OUT): Map<string, string> {
  const splits = splitDocuments(documents, heldOut);
  const frequent = frequentWords(splits.train);
  const files = new Map<string, string>();
  for (const split of splitNames)
    for (const version of ['raw', 'v1'] as const) {
      const word = version === 'raw' ? (w: string) => w : (w: string) => (frequent.has(w) ? w : '<unk>');
      const name = `wiki.${split === 'validation' ? 'valid' : split}.${version === 'raw' ? 'raw' : 'tokens'}`;
      files.set(name, splits[split].map((document) => article(document, word)).join(''));
    }
  return files;
}

/** As an article of WikiText: an empty line around the heading, lines that begin and end with a blank. */
const article = ({ id, paragraphs }: BrownDocument, word: (w: string) => string): string =>
  ` \n = ${id} = \n \n${paragraphs.map((sentences) => ` ${sentences.flat().map(word).join(' ')} \n`).join('')}`;

function frequentWords(documents: readonly BrownDocument[]): Set<string> {
  const counts = new Map<string, number>();
  for (const { paragraphs } of documents)
    for (const word of paragraphs.flat(2)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Set([...counts].filter(([, n]) => n >= RARE).map(([word]) => word));
}

/**
 * In each category as many files for validation, and as many for testing, as its share of `heldOut` (largest remainders,
 * so that they sum to it), by the SHA-1 of the file's name; the others train. Each split in the order of the names.
 */
export function splitDocuments(
  documents: readonly BrownDocument[],
  heldOut: number,
): Record<SplitName, BrownDocument[]> {
  const splits: Record<SplitName, BrownDocument[]> = { train: [], validation: [], test: [] };
  for (const [category, n] of quotas(documents, heldOut)) {
    const own = documents.filter((document) => document.category === category);
    const key = ({ id }: BrownDocument) => createHash('sha1').update(id).digest('hex');
    own.sort((a, b) => (key(a) < key(b) ? -1 : 1));
    splits.validation.push(...own.slice(0, n));
    splits.test.push(...own.slice(n, 2 * n));
    splits.train.push(...own.slice(2 * n));
  }
  for (const split of splitNames) splits[split].sort((a, b) => (a.id < b.id ? -1 : 1));
  return splits;
}

function quotas(documents: readonly BrownDocument[], total: number): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { category } of documents) sizes.set(category, (sizes.get(category) ?? 0) + 1);
  const shares = [...sizes].map(([category, size]) => ({ category, share: (size * total) / documents.length }));
  const quotas = new Map(shares.map(({ category, share }) => [category, Math.floor(share)]));
  const left = total - [...quotas.values()].reduce((a, b) => a + b, 0);
  const byRemainder = shares.sort((a, b) => (b.share % 1) - (a.share % 1) || (a.category < b.category ? -1 : 1));
  for (const { category } of byRemainder.slice(0, left)) quotas.set(category, (quotas.get(category) ?? 0) + 1);
  return quotas;
}

/** Words of a file, as WikiText counts them: headings and `<unk>` included, line ends not. */
export const wordsIn = (text: string): number => text.split(/\s+/).filter(Boolean).length;
