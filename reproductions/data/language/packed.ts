/** A packed corpus in its folder (`pack.ts`): what the record beside the files of tokens says, and whether it is true. */
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setAside } from '../cache.ts';
import { type SplitName, splitNames } from '../dataset.ts';
import { bytesOf, TokenReader } from './token-file.ts';

export interface PackedSplit {
  tokens: number;
  documents: number;
  /** Bytes of UTF-8 that the tokens stand for. */
  bytes: number;
  /** SHA-256 of the digests of the units, each of which is the SHA-256 of its tokens in little endian. */
  sha256: string;
}

export interface Packed {
  folder: string;
  splits: Record<SplitName, PackedSplit>;
}

/** A part of a split that was packed in one go. */
export interface PackedUnit {
  name: string;
  tokens: number;
  documents: number;
  bytes: number;
  sha256: string;
}

/** `packed.json`. */
export interface PackedRecord {
  key: unknown;
  splits: Packed['splits'];
  /** Their lengths let the files be checked again. */
  units: Record<SplitName, PackedUnit[]>;
  /** The test split is this one. */
  same?: SplitName;
}

/** Files up to this size are read through before they are used; larger ones by `repro data verify`. */
const CHECKED_ALWAYS = 64 << 20;

/** The digest of a split from those of its units. */
export const combined = (digests: readonly string[]): string =>
  createHash('sha256').update(digests.join('\n')).digest('hex');

/** Null when nothing is there; what is damaged is set aside with a word. */
export function usePacked(folder: string, warn: (line: string) => void): Packed | null {
  if (!existsSync(folder)) return null;
  const found = checkPacked(folder, CHECKED_ALWAYS);
  if (typeof found !== 'string') return found;
  warn(`${folder} is damaged (${found}): set aside as ${setAside(folder)}, packing it again`);
  return null;
}

/** What is packed in a folder, or what is wrong with it. Files of up to `limit` bytes are read through. */
export function checkPacked(folder: string, limit = Number.POSITIVE_INFINITY): Packed | string {
  try {
    const record = JSON.parse(readFileSync(join(folder, 'packed.json'), 'utf8')) as PackedRecord;
    for (const split of splitNames) {
      if (split === 'test' && record.same) continue;
      const file = new TokenReader(join(folder, `${split}.npy`));
      try {
        if (file.tokens !== record.splits[split].tokens) return `${split}.npy has ${file.tokens} tokens`;
        if (2 * file.tokens > limit) continue;
        const digests = record.units[split].map(digestOf(file));
        if (combined(digests) !== record.splits[split].sha256) return `the checksum of ${split}.npy does not match`;
      } finally {
        file.close();
      }
    }
    return { folder, splits: record.splits };
  } catch (error) {
    // What cannot be read now is not damaged for that.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && code !== 'ENOENT') throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

/** The digest of the next unit of the file. */
function digestOf(file: TokenReader): (unit: PackedUnit) => string {
  let at = 0;
  const piece = new Uint16Array(1 << 20);
  return ({ tokens }) => {
    const hash: Hash = createHash('sha256');
    for (const end = at + tokens; at < end; ) {
      const part = piece.subarray(0, Math.min(piece.length, end - at));
      file.read(at, part);
      hash.update(bytesOf(part));
      at += part.length;
    }
    return hash.digest('hex');
  };
}
