/**
 * Windows of packed tokens, as the reference code cuts them (safari, `lm_dataset.py`): of n tokens, floor((n - 1) / L)
 * blocks that follow each other, x = ids[kL .. kL + L), targets = ids[kL + 1 .. kL + L + 1). A last token without a whole
 * block is left out. Nothing is hidden from the loss; a document begins in the middle of a block and knows what came
 * before it.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  type DataKind,
  requireIndices,
  type SplitName,
  splitNames,
  type TokenDataset,
  type TokenHostBatch,
} from '../dataset.ts';
import { VOCABULARY } from './gpt2-vocabulary.ts';
import type { Packed, PackedSplit } from './packed.ts';
import { TokenReader } from './token-file.ts';

export interface LanguageData extends TokenDataset {
  /** Tokens, documents and bytes of text of a split, whatever `sizes` cuts off. */
  packed: Readonly<Record<SplitName, PackedSplit>>;
  /** Folder with the files of tokens. */
  folder: string;
  /** The tokens of a split in pieces, each overwritten by the next. */
  tokens(split: SplitName): Generator<Uint16Array>;
  /** Bytes of text (UTF-8) in a split. */
  bytesOf(split: SplitName): number;
  /** Bytes of text for each token of a split: loss in nats / ln 2 / this = bits per byte. */
  bytesPerToken(split: SplitName): number;
}

export interface LanguageSettings {
  id: string;
  kind: DataKind;
  description: string;
  length: number;
  packed: Packed;
  /** The test split is the validation split. */
  testIsValidation?: boolean;
  sizes?: Partial<Record<SplitName, number>>;
}

export function openTokens(settings: LanguageSettings): LanguageData {
  const { id, kind, description, length, packed, testIsValidation = false } = settings;
  if (!(Number.isInteger(length) && length >= 1))
    throw new RangeError(`${id}: the length of a window is a whole number from 1, not ${length}`);
  const readers = {} as Record<SplitName, TokenReader>;
  const sizes = {} as Record<SplitName, number>;
  for (const split of splitNames) {
    const isSame = split === 'test' && testIsValidation;
    readers[split] = isSame ? readers.validation : new TokenReader(join(packed.folder, `${split}.npy`));
    const blocks = Math.max(0, Math.floor((readers[split].tokens - 1) / length));
    sizes[split] = Math.min(blocks, settings.sizes?.[split] ?? blocks);
  }
  const sums = splitNames.map((split) => packed.splits[split].sha256);
  const checksum = createHash('sha256')
    .update(JSON.stringify([sums, length, splitNames.map((split) => sizes[split])]))
    .digest('hex');
  const buffer = new Uint16Array(length + 1);
  return {
    ...{ id, kind, description, task: 'tokens', length, vocabulary: VOCABULARY, sizes, checksum },
    ...{ packed: packed.splits, folder: packed.folder },
    reopen: { module: import.meta.url, name: 'reopenTokens', settings },
    batch(split, indices) {
      requireIndices(id, split, sizes[split], indices);
      const B = indices.length;
      const batch: TokenHostBatch = {
        x: new Int32Array(B * length),
        targets: new Int32Array(B * length),
        B,
        L: length,
      };
      for (let i = 0; i < B; i++) {
        readers[split].read(indices[i] * length, buffer);
        batch.x.set(buffer.subarray(0, length), i * length);
        batch.targets.set(buffer.subarray(1), i * length);
      }
      return batch;
    },
    tokens: (split) => readers[split].pieces(),
    bytesOf: (split) => packed.splits[split].bytes,
    bytesPerToken: (split) => packed.splits[split].bytes / packed.splits[split].tokens,
    close() {
      for (const reader of new Set(Object.values(readers))) reader.close();
    },
  };
}

/** For loading threads. */
export const reopenTokens = async (settings: unknown): Promise<LanguageData> =>
  openTokens(settings as LanguageSettings);
