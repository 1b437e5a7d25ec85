/**
 * Documents in the files of the Pile: `train/00.jsonl.zst` ..., `val.jsonl.zst`, `test.jsonl.zst`, each of several zstd
 * frames, as the real ones may be. The folder appears when everything in it is written.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as zlib from 'node:zlib';
import { storageError } from '../../../results/terminal/errors.ts';
import type { SplitName } from '../dataset.ts';
import { acquire } from '../download/lock.ts';
import { MissingToolError } from '../formats/format-error.ts';

export interface ShardDocument {
  text: string;
  /** `meta.pile_set_name`. */
  set: string;
}

/** Bytes of text in a training shard, and of a frame. */
export const SHARD = 24 << 20;
const FRAME = 4 << 20;

// Not in the types of Node 20, where they are missing.
const { zstdCompressSync, constants } = zlib as unknown as {
  zstdCompressSync?: (bytes: Uint8Array, options: object) => Buffer;
  constants: Record<string, number>;
};

/** SHA-1 of the text, modulo 1000: below 980 training, below 990 validation, else test. */
export function splitOf(text: string): SplitName {
  const n = Number(BigInt(`0x${createHash('sha1').update(text).digest('hex')}`) % 1000n);
  return n < 980 ? 'train' : n < 990 ? 'validation' : 'test';
}

/** Writes the folder unless it is there. `documents` is asked for only then; equal texts are written once. */
export async function writeShards(
  folder: string,
  documents: () => Promise<ShardDocument[]>,
  { signal, shard = SHARD }: { signal?: AbortSignal; shard?: number } = {},
): Promise<void> {
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true });
  const lock = await acquire(`${folder}.lock`, signal ? { signal } : {});
  const aside = `${folder}.writing`;
  try {
    if (existsSync(folder)) return;
    rmSync(aside, { recursive: true, force: true });
    mkdirSync(join(aside, 'train'), { recursive: true });
    const splits: Record<SplitName, ShardDocument[]> = { train: [], validation: [], test: [] };
    for (const document of mixed(await documents())) splits[splitOf(document.text)].push(document);
    for (let from = 0, number = 0; from < splits.train.length || number === 0; number++) {
      const to = endOf(splits.train, from, shard);
      writeFile(join(aside, 'train', `${String(number).padStart(2, '0')}.jsonl.zst`), splits.train.slice(from, to));
      from = to;
    }
    writeFile(join(aside, 'val.jsonl.zst'), splits.validation);
    writeFile(join(aside, 'test.jsonl.zst'), splits.test);
    lock.confirm();
    renameSync(aside, folder);
  } catch (error) {
    throw storageError(aside, error, 'LONGCONV_CACHE');
  } finally {
    rmSync(aside, { recursive: true, force: true });
    lock.release();
  }
}

/** Each text once, in an order that has nothing to do with where it comes from: by another digest than the split's. */
function mixed(documents: readonly ShardDocument[]): ShardDocument[] {
  const keyed = new Map(
    documents.map((document) => [createHash('sha256').update(document.text).digest('hex'), document] as const),
  );
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, document]) => document);
}

/** Where the part of about `size` bytes that begins at `from` ends. */
function endOf(documents: readonly ShardDocument[], from: number, size: number): number {
  let held = 0;
  let to = from;
  while (to < documents.length && held < size) held += Buffer.byteLength(documents[to++].text);
  return to;
}

function writeFile(path: string, documents: readonly ShardDocument[]): void {
  if (!zstdCompressSync)
    throw new MissingToolError(`${path} is to be zstd-compressed and this runtime has no encoder: use Bun or Deno`);
  const file = openSync(path, 'w');
  try {
    for (let from = 0; from < documents.length || from === 0; ) {
      const to = Math.max(endOf(documents, from, FRAME), from);
      const lines = documents.slice(from, to).map(({ text, set }) => line(text, set));
      const frame = zstdCompressSync(Buffer.from(lines.join('')), { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
      for (let done = 0; done < frame.length; ) done += writeSync(file, frame, done);
      if (to === from) break;
      from = to;
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const line = (text: string, set: string): string => `${JSON.stringify({ text, meta: { pile_set_name: set } })}\n`;
