/**
 * What is known of a dataset that others publish: one file per dataset in `reproductions/data/sources/`, found by its
 * name. Every fact says where it was read; what nobody has checked against the real file is marked as memory, and is
 * shown with "~".
 */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A fact and where it was read. */
export interface Known<T> {
  value: T;
  from: string;
  /** Nobody looked it up: general knowledge, to be confirmed by the first user who has the file. */
  memory?: true;
}

export const known = <T>(value: T, from: string): Known<T> => ({ value, from });
export const remembered = <T>(value: T): Known<T> => ({
  value,
  from: 'general knowledge, not looked up',
  memory: true,
});

/** How a file of each form begins, in hexadecimal, and how many bytes tell. A web page in its place begins otherwise. */
export const magic = {
  'tar.gz': { bytes: 2, begins: /^1f8b/ },
  'tar.xz': { bytes: 6, begins: /^fd377a585a00/ },
  zip: { bytes: 2, begins: /^504b/ },
  // Or a frame to skip, which zstd allows in front.
  'jsonl.zst': { bytes: 4, begins: /^(28b52ffd|5[0-9a-f]2a4d18)/ },
  jsonl: { bytes: 1, begins: /^7b/ },
  parquet: { bytes: 4, begins: /^50415231/ },
} as const;

export type FileForm = keyof typeof magic;

export interface SourceFile {
  /** Its name in the cache and in a `--from` folder. */
  name: string;
  form: FileForm;
  /** Files with the same group are alternatives or parts that are asked for together: `--only <group>`. */
  group: string;
  /** Tried in this order. */
  urls: readonly Known<string>[];
  /** Exact size. A server that offers another size has another file. */
  bytes: Known<number> | null;
  /** Approximate size, where the exact one is not known. */
  about?: Known<number>;
  sha256: Known<string> | null;
  md5: Known<string> | null;
  /** What is inside, with the counts that are known. */
  contents: Known<string>;
  /** Paths within the archive that are read here; the others are not unpacked. All when absent. */
  needed?: Known<RegExp>;
}

export interface DatasetSource {
  id: string;
  title: string;
  licence: Known<string>;
  /** Whom to cite. */
  cite: string;
  /** The groups that `repro data get <id>` takes when nothing is asked for. */
  usual: readonly string[];
  files: readonly SourceFile[];
  /** What is known about getting it: dead hosts, other copies, how to do it by hand. */
  advice: string;
}

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'sources');

export const sourceIds = (): string[] =>
  readdirSync(folder)
    .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))
    .map((f) => f.slice(0, -3))
    .sort();

export async function loadSource(id: string): Promise<DatasetSource> {
  return (await import(pathToFileURL(join(folder, `${id}.ts`)).href)).default as DatasetSource;
}
