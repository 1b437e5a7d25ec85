/**
 * What is in each tar and where: made by reading every byte once, kept in the cache, and made again when the list of
 * files, a size or a date changes. Windows are then read by position; no run is held in memory.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type CacheArrays, cached, keyHash } from '../cache.ts';
import type { WorkOptions } from '../definition.ts';
import { FormatError, quoted } from '../formats/format-error.ts';
import { locatePickle, readPickle } from '../formats/pickle.ts';
import { readTar } from '../formats/tar.ts';
import { type PoolOptions, type Range, runJob } from '../pool.ts';
import type { RunFile } from './files.ts';
import { hasStamps } from './windows.ts';

const RECIPE = 2;
const LARGEST = 1 << 28;

export interface Run {
  file: string;
  name: string;
  steps: number;
  regions: number;
  /** Seconds between two steps, as stored: single precision. */
  repetitionTime: number;
  /** Place of the pickled array in the file. */
  pickleAt: number;
  pickleBytes: number;
  /** Place of its first element in the file; null when the elements do not lie there row by row, little endian. */
  dataAt: number | null;
  /** Values that are no numbers or infinite. */
  infinite: number;
  /** SHA-256 of the pickled array and the pickled repetition time. */
  digest: Uint8Array;
}

/** The runs of the files, in their order. Throws `FormatError` for a file that is not one run. */
export async function indexRuns(files: readonly RunFile[], options: WorkOptions = {}): Promise<Run[]> {
  const list = createHash('sha256');
  for (const { path, size, modified } of files) list.update(`${path}\n${size} ${modified}\n`);
  const key = { dataset: 'fmri', recipe: RECIPE, files: files.length, list: list.digest('hex') };
  const arrays = await cached(`fmri/index-${keyHash(key)}.lcd`, key, async () => {
    const pool: PoolOptions = { chunk: 16 };
    if (options.signal) pool.signal = options.signal;
    if (options.progress) pool.progress = options.progress;
    if (options.workers !== undefined) pool.workers = options.workers;
    const paths = files.map(({ path }) => path);
    return joined(await runJob(import.meta.url, 'indexFiles', { paths }, { start: 0, count: files.length }, pool));
  });
  return files.map(({ path, name }, i) => ({
    ...{ file: path, name, steps: arrays.steps[i], regions: arrays.regions[i] },
    ...{ repetitionTime: arrays.repetitionTime[i], pickleAt: arrays.pickleAt[i], pickleBytes: arrays.pickleBytes[i] },
    dataAt: arrays.dataAt[i] < 0 ? null : arrays.dataAt[i],
    infinite: arrays.infinite[i],
    digest: (arrays.digest as Uint8Array).subarray(i * 32, i * 32 + 32),
  }));
}

/** The index of some of the files. Exported for the workers of the pool, which find it by its name. */
export async function indexFiles({ paths }: { paths: readonly string[] }, range: Range): Promise<CacheArrays> {
  const found = {
    ...{ steps: new Int32Array(range.count), regions: new Int32Array(range.count) },
    ...{ repetitionTime: new Float32Array(range.count), dataAt: new Int32Array(range.count) },
    ...{ pickleAt: new Int32Array(range.count), pickleBytes: new Int32Array(range.count) },
    ...{ infinite: new Int32Array(range.count), digest: new Uint8Array(range.count * 32) },
  };
  for (let i = 0; i < range.count; i++) {
    const run = await indexFile(paths[range.start + i]);
    found.steps[i] = run.steps;
    found.regions[i] = run.regions;
    found.repetitionTime[i] = run.repetitionTime;
    found.pickleAt[i] = run.pickleAt;
    found.pickleBytes[i] = run.pickleBytes;
    found.dataAt[i] = run.dataAt ?? -1;
    found.infinite[i] = run.infinite;
    found.digest.set(run.digest, i * 32);
  }
  return found;
}

async function indexFile(path: string): Promise<Omit<Run, 'file' | 'name'>> {
  const fail = (what: string): never => {
    throw new FormatError(path, null, what);
  };
  let bold: { at: number; bytes: Uint8Array } | null = null;
  let time: Uint8Array | null = null;
  let key: string | null = null;
  for await (const entry of readTar(createReadStream(path, { highWaterMark: 1 << 20 }), path)) {
    const match = /^(?:.*\/)?([^./]+)\.(bold|t_r)\.pyd$/.exec(entry.path);
    if (entry.kind !== 'file' || !match) continue;
    if (key !== null && match[1] !== key) fail(`the tar holds two runs, ${quoted(key)} and ${quoted(match[1])}`);
    key = match[1];
    const bytes = await entry.bytes(LARGEST);
    if (match[2] === 'bold') bold = { at: entry.offset + 512, bytes };
    else time = bytes;
  }
  if (!bold || !time) return fail('the tar holds no <key>.bold.pyd and <key>.t_r.pyd');
  const { array, at } = locatePickle(bold.bytes, `${path}: ${key}.bold.pyd`);
  if (array.dtype !== 'f4' || array.shape.length !== 2)
    return fail(`the array has dtype ${array.dtype} and ${array.shape.length} axes, not f4 and (time, networks)`);
  const seconds = readPickle(time, `${path}: ${key}.t_r.pyd`);
  const repetitionTime = Math.fround(Number(seconds.data[0]));
  if (seconds.data.length !== 1 || !(repetitionTime > 0 && hasStamps(repetitionTime)))
    return fail(`the repetition time is ${repetitionTime} s: the table of time stamps ends at 300 s, 49 steps on`);
  const [steps, regions] = array.shape;
  if (steps < 2 || regions < 1) return fail(`a run of ${steps} steps of ${regions} networks has nothing to predict`);
  const values = array.data as Float32Array;
  let infinite = 0;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) infinite++;
  return {
    ...{ steps, regions, repetitionTime, infinite, pickleAt: bold.at, pickleBytes: bold.bytes.length },
    dataAt: at === null ? null : bold.at + at,
    digest: createHash('sha256').update(bold.bytes).update(time).digest(),
  };
}

function joined(parts: readonly CacheArrays[]): CacheArrays {
  const names = Object.keys(parts[0]);
  return Object.fromEntries(
    names.map((name) => {
      const all = parts.map((part) => part[name]);
      const whole = new (all[0].constructor as Float32ArrayConstructor)(all.reduce((n, part) => n + part.length, 0));
      let at = 0;
      for (const part of all) {
        whole.set(part, at);
        at += part.length;
      }
      return [name, whole];
    }),
  );
}
