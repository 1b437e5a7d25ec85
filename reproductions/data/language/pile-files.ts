/**
 * The files of the Pile (Gao et al. 2020, arXiv 2101.00027), `{"text": ..., "meta": {"pile_set_name": ...}}` a line:
 * `train/00.jsonl.zst` ... `train/29.jsonl.zst`, `val.jsonl.zst`, `test.jsonl.zst`; also not compressed, as the public
 * copy of val and test is, and with the names that `repro data get pile` gives (`train-00.jsonl.zst`).
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError, type SplitName } from '../dataset.ts';
import { firstOf } from './real-input.ts';

export type PileFiles = Record<SplitName, string[]>;

/** The training shards may be missing (nobody serves them): then `train` is empty. Throws `MissingFileError`. */
export function findPile(folder: string, dataset: string): PileFiles {
  const one = (name: string): string => {
    const path = firstOf(folder, [`${name}.jsonl.zst`, `${name}.jsonl`]);
    if (path) return path;
    throw new MissingFileError(
      `${folder} has neither ${name}.jsonl.zst nor ${name}.jsonl: repro data get ${dataset}, or --data <their folder>`,
    );
  };
  return { train: shards(folder), validation: [one('val')], test: [one('test')] };
}

function shards(folder: string): string[] {
  const inside = existsSync(join(folder, 'train')) ? readdirSync(join(folder, 'train')).map((f) => `train/${f}`) : [];
  const names = inside.length
    ? inside
    : existsSync(folder) && statSync(folder).isDirectory()
      ? readdirSync(folder)
      : [];
  const found = new Map<number, string>();
  for (const name of names.sort()) {
    const number = /^train[/-](\d{2})\.jsonl(\.zst)?$/.exec(name)?.[1];
    // Of a shard that lies there twice, the plain one.
    if (number !== undefined && !found.has(Number(number))) found.set(Number(number), join(folder, name));
  }
  const last = Math.max(-1, ...found.keys());
  for (let k = 0; k <= last; k++)
    if (!found.has(k))
      throw new MissingFileError(`${folder} has the shard ${last} of the training split, but not the shard ${k}`);
  return [...found.values()];
}
