/**
 * A corpus as streams of tokens, as the reference code of H3, Hyena and Long Conv keeps it (safari,
 * `language_modeling_hf.py`): the tokens of all documents in order, <|endoftext|> after each where the recipe says so, one
 * uint16 file per split. The folder
 *
 *     <cache>/<dataset>/tokenizer_name-gpt2-...-<recipe>/{train,validation,test}.npy, packed.json
 *
 * appears when all is done. Work goes unit by unit (a shard, a file); a run that was stopped goes on after its last
 * finished unit.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { storageError } from '../../../results/terminal/errors.ts';
import { cacheFolder, keyHash, writeAtomically } from '../cache.ts';
import { type SplitName, splitNames } from '../dataset.ts';
import type { WorkOptions } from '../definition.ts';
import { acquire } from '../download/lock.ts';
import { requireSpace } from '../download/space.ts';
import type { Ranks } from './gpt2-vocabulary.ts';
import { combined, type Packed, type PackedRecord, type PackedUnit, usePacked } from './packed.ts';
import { bytesOf, TokenWriter } from './token-file.ts';
import { type Documents, Tokeniser } from './tokenise.ts';

/** A part of a split that is packed in one go. */
export interface Unit {
  name: string;
  /** Bytes of text in it, about. */
  size: number;
  /** One by one, or some at a time. */
  documents?(): Documents;
  /** In the place of documents: tokens that have been made already, in order. */
  tokens?(): AsyncIterable<Tokenised>;
}

export interface Tokenised {
  /** May be overwritten when the next ones are asked for. */
  tokens: Uint16Array;
  documents: number;
  bytes: number;
}

export interface Recipe {
  dataset: string;
  /** Everything that the tokens depend on: what the files are, how they are read, what is appended. */
  key: unknown;
  eos: boolean;
  detokenise?: boolean;
  ranks: Ranks;
  /** In order. A split without units is that of `same`. */
  units: Readonly<Record<SplitName, readonly Unit[]>>;
  /** The reference code tests on the validation split where a corpus has no other. */
  same?: 'validation';
}

interface State {
  key: unknown;
  units: Record<SplitName, PackedUnit[]>;
}

/** Raised when the same text gives other tokens, or the files another layout. */
const VERSION = 1;
/** Bytes of tokens for each byte of text, for the room on the disk: four bytes of English are a token. */
const EXPECTED = 0.5;
/** A run that is stopped loses at most this much work, or a unit. */
const SAVE_EVERY = 5_000;

/** The folder of the reference code, with what it does not name: which files, by which recipe. */
export function packedFolder({ dataset, key, eos, detokenise = false }: Recipe): string {
  const python = (value: boolean) => (value ? 'True' : 'False');
  const name = `tokenizer_name-gpt2-val_ratio-0.0005-val_split_seed-2357-add_eos-${python(eos)}-detokenize-${python(detokenise)}`;
  return join(cacheFolder(), dataset, `${name}-${keyHash([VERSION, key])}`);
}

/** The packed corpus: from the cache, or made now and kept there. */
export async function packed(recipe: Recipe, options: WorkOptions = {}, warn = console.error): Promise<Packed> {
  const folder = packedFolder(recipe);
  const before = usePacked(folder, warn);
  if (before) return before;
  mkdirSafely(dirname(folder));
  const lock = await acquire(`${folder}.lock`, {
    ...(options.signal ? { signal: options.signal } : {}),
    waiting: (holder) => warn(`${recipe.dataset}: ${holder} packs it; waiting for it`),
  });
  try {
    const meanwhile = usePacked(folder, warn);
    if (meanwhile) return meanwhile;
    const splits = await pack(recipe, `${folder}.packing`, options);
    lock.confirm();
    renameSync(`${folder}.packing`, folder);
    return { folder, splits };
  } finally {
    lock.release();
  }
}

async function pack(recipe: Recipe, folder: string, options: WorkOptions): Promise<Packed['splits']> {
  mkdirSafely(folder);
  const statePath = join(folder, 'state.json');
  const state = readState(statePath, recipe);
  const total = splitNames.flatMap((split) => recipe.units[split]).reduce((n, unit) => n + unit.size, 0);
  const packedAlready = splitNames.reduce((n, split) => n + sum(state.units[split], 'tokens'), 0);
  requireSpace(folder, Math.max(0, EXPECTED * total - 2 * packedAlready), `${recipe.dataset}, packed,`);
  let done = 0;
  const tokeniser = new Tokeniser(recipe.ranks, options.workers);
  const splits = {} as Packed['splits'];
  try {
    for (const split of splitNames) {
      const units = recipe.units[split];
      if (!units.length && recipe.same) continue;
      const finished = state.units[split];
      const writer = new TokenWriter(join(folder, `${split}.npy`), sum(finished, 'tokens'));
      let saved = performance.now();
      const save = () => {
        writer.sync();
        writeAtomically(statePath, [new TextEncoder().encode(JSON.stringify(state))]);
        saved = performance.now();
      };
      try {
        for (const [i, unit] of units.entries()) {
          if (i >= finished.length) {
            finished.push(
              await one(unit, writer, tokeniser, recipe.eos, options, (bytes) => {
                options.progress?.(done + Math.min(bytes, unit.size), total);
              }),
            );
            if (performance.now() - saved > SAVE_EVERY) save();
          }
          done += unit.size;
          options.progress?.(done, total);
        }
        save();
        writer.finish();
      } catch (error) {
        // What is finished need not be done again; if it cannot be kept either, the first error is the one to tell.
        try {
          save();
        } catch {}
        writer.close();
        throw error;
      }
      splits[split] = {
        ...{ tokens: writer.tokens, documents: sum(finished, 'documents'), bytes: sum(finished, 'bytes') },
        sha256: combined(finished.map((unit) => unit.sha256)),
      };
    }
  } finally {
    await tokeniser.close();
  }
  if (recipe.same) splits.test ??= splits[recipe.same];
  const record: PackedRecord = {
    key: recipe.key,
    splits,
    units: state.units,
    ...(recipe.same ? { same: recipe.same } : {}),
  };
  writeAtomically(join(folder, 'packed.json'), [new TextEncoder().encode(`${JSON.stringify(record, null, 1)}\n`)]);
  rmSync(statePath);
  return splits;
}

async function one(
  unit: Unit,
  writer: TokenWriter,
  tokeniser: Tokeniser,
  eos: boolean,
  { signal }: WorkOptions,
  progress: (bytes: number) => void,
): Promise<PackedUnit> {
  const hash = createHash('sha256');
  const done = { name: unit.name, tokens: 0, documents: 0, bytes: 0, sha256: '' };
  for await (const batch of unit.tokens?.() ?? fromDocuments(unit, tokeniser, eos, signal)) {
    signal?.throwIfAborted();
    writer.append(batch.tokens);
    hash.update(bytesOf(batch.tokens));
    done.tokens += batch.tokens.length;
    done.documents += batch.documents;
    done.bytes += batch.bytes;
    progress(done.bytes);
  }
  done.sha256 = hash.digest('hex');
  return done;
}

async function* fromDocuments(
  unit: Unit,
  tokeniser: Tokeniser,
  eos: boolean,
  signal?: AbortSignal,
): AsyncGenerator<Tokenised> {
  const documents = unit.documents?.() ?? [];
  for await (const { tokens, counts, bytes } of tokeniser.tokenise(documents, { eos, ...(signal ? { signal } : {}) }))
    yield { tokens, documents: counts.filter((count) => count > 0).length, bytes };
}

/** Of a run that was stopped, if it was at the same work. */
function readState(path: string, { key, units }: Recipe): State {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as State;
    const fits = (split: SplitName) => state.units[split].every((unit, i) => unit.name === units[split][i]?.name);
    if (JSON.stringify(state.key) === JSON.stringify(key) && splitNames.every(fits)) return state;
  } catch {
    // There was none.
  }
  return { key, units: { train: [], validation: [], test: [] } };
}

const sum = (units: readonly PackedUnit[], what: 'tokens' | 'documents' | 'bytes'): number =>
  units.reduce((n, unit) => n + unit[what], 0);

function mkdirSafely(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw storageError(folder, error, 'LONGCONV_CACHE');
  }
}
