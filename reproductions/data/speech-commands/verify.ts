/** The archive of Speech Commands as it lies on disk: every file read, counts beside those that are known. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheArrays } from '../cache.ts';
import { type Comparison, compareNone } from '../comparison.ts';
import { MissingFileError, type SplitName } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { FormatError } from '../formats/format-error.ts';
import { type PoolOptions, type Range, runJob } from '../pool.ts';
import { factsOf } from './clip-store.ts';
import { padded, readRecording } from './decode.ts';
import { splitOf } from './name-hash.ts';
import { listRecordings } from './recordings.ts';
import { type Lists, listedSplits, numbered } from './splits.ts';
import { momentsFrom } from './standardise.ts';
import { CLIP, type WordCount, words35, wordsOf } from './words.ts';

/** Named one by one; the counts have all. */
const NAMED = 5;
/** Asserted in the reference loader of SC10. */
const SC10_CLIPS = 34_975;
/** As remembered, not read in a source: shown, not judged. */
const remembered: Record<SplitName | 'all', number> = { all: 105_829, train: 84_843, validation: 9_981, test: 11_005 };

/** What one file holds: `length` -1 where it cannot be read, and then `problem` says why (JSON lines). */
export function inspectRecordings({ paths }: { paths: readonly string[] }, range: Range): CacheArrays {
  const length = new Int32Array(range.count);
  const sum = new Int32Array(range.count);
  const high = new Int32Array(range.count);
  const low = new Int32Array(range.count);
  const problems: string[] = [];
  for (let i = 0; i < range.count; i++)
    try {
      const samples = readRecording(paths[range.start + i]);
      const facts = factsOf(padded(samples));
      length[i] = samples.length;
      [sum[i], high[i], low[i]] = [facts.sum[0], facts.high[0], facts.low[0]];
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      length[i] = -1;
      problems.push(error.message);
    }
  return { length, sum, high, low, problems: new TextEncoder().encode(JSON.stringify(problems)) };
}

export async function verifySpeechCommands(count: WordCount, options: VerifyOptions): Promise<Verified> {
  const { from } = options;
  if (from === undefined)
    throw new MissingFileError(
      'Speech Commands cannot be made here: give --from FOLDER, where speech_commands_v0.02.tar.gz is unpacked',
    );
  const words = wordsOf(count);
  const present = words.filter((word) => existsSync(join(from, word)));
  const recordings = listRecordings(from, present);
  const all = numbered(recordings, present);
  const lists = count === 35 ? listedSplits(from) : null;
  const pool: PoolOptions = { chunk: 256 };
  if (options.workers !== undefined) pool.workers = options.workers;
  if (options.signal) pool.signal = options.signal;
  if (options.progress) pool.progress = options.progress;
  const paths = all.map(({ name }) => join(from, name));
  const parts = await runJob(import.meta.url, 'inspectRecordings', { paths }, { start: 0, count: paths.length }, pool);
  const join32 = (name: string) => parts.flatMap((part) => [...part[name]]);
  const files = { length: join32('length'), sum: join32('sum'), high: join32('high'), low: join32('low') };
  const problems = parts.flatMap((part) => JSON.parse(new TextDecoder().decode(part.problems as Uint8Array)));
  const complaints = problems.slice(0, NAMED);
  const rows: Comparison[] = [
    ...(count === 35 ? [shown('clips', all.length, remembered.all)] : []),
    compareNone(`words of ${words.length} that are not there`, words.length - present.length),
    compareNone('files that are not 16 bits, one channel, 16,000 Hz', problems.length),
    compareNone('files of more than 16,000 samples', files.length.filter((n) => n > CLIP).length),
    shown('files of fewer than 16,000 samples', files.length.filter((n) => n >= 0 && n < CLIP).length, 'not known'),
  ];
  if (lists) rows.push(...listRows(new Set(all.map(({ name }) => name)), lists, complaints));
  else {
    const whole = files.length.filter((n) => n === CLIP).length;
    rows.push(judged('clips of exactly 16,000 samples', whole, SC10_CLIPS));
  }
  // SC10's training part depends on an order of files that cannot be known: there, all clips that are used.
  const counted = all.flatMap(({ name }, i) =>
    lists ? (lists.validation.has(name) || lists.test.has(name) ? [] : [i]) : files.length[i] === CLIP ? [i] : [],
  );
  rows.push(...momentRows(lists ? 'training clips' : 'clips that are used', counted, files));
  return { what: `${from}, ${all.length} recordings of ${present.length} words`, rows, complaints };
}

function listRows(names: ReadonlySet<string>, lists: Lists, complaints: string[]): Comparison[] {
  const listed = [...lists.validation, ...lists.test].filter((name) => words35.includes(name.split('/')[0]));
  const absent = listed.filter((name) => !names.has(name));
  const both = [...lists.validation].filter((name) => lists.test.has(name));
  const counts: Record<SplitName, number> = { train: 0, validation: 0, test: 0 };
  let agree = 0;
  for (const name of names) {
    const split = lists.validation.has(name) ? 'validation' : lists.test.has(name) ? 'test' : 'train';
    counts[split]++;
    if (splitOf(name) === split) agree++;
  }
  for (const name of absent.slice(0, NAMED)) complaints.push(`${name} is in a list and not on disk`);
  for (const name of both.slice(0, NAMED)) complaints.push(`${name} is in both lists`);
  const share = names.size ? agree / names.size : 0;
  return [
    shown('training clips, in no list', counts.train, remembered.train),
    shown('validation clips', counts.validation, remembered.validation),
    shown('testing clips', counts.test, remembered.test),
    compareNone('list entries that do not exist', absent.length),
    compareNone('entries of both lists', both.length),
    {
      ...{ quantity: 'clips that the rule of their name puts where the lists do', here: share, reference: 1 },
      // Clips put by another rule would agree by chance in 66 %.
      ...{ distance: 1 - share, limit: 0.05, measure: 'share' },
    },
  ];
}

function momentRows(
  which: string,
  clips: readonly number[],
  files: Record<'sum' | 'high' | 'low', readonly number[]>,
): Comparison[] {
  let sum = 0n;
  let squares = 0n;
  for (const i of clips) {
    sum += BigInt(files.sum[i]);
    squares += BigInt(files.high[i]) * 2n ** 31n + BigInt(files.low[i]);
  }
  if (!clips.length) return [];
  const { mean, sd } = momentsFrom(sum, squares, clips.length * CLIP);
  return [
    shown(`mean of the ${which}, in [-1, 1]`, mean / 32768, 'not known'),
    shown(`sd of the ${which}, in [-1, 1]`, sd / 32768, 'not known'),
  ];
}

function shown(quantity: string, here: number, reference: number | string): Comparison {
  const said = typeof reference === 'number' ? `${reference} (from memory)` : reference;
  return { quantity, here, reference: said, distance: null, limit: null, measure: '' };
}

const judged = (quantity: string, here: number, reference: number): Comparison => ({
  ...{ quantity, here, reference, distance: Math.abs(here - reference), limit: 0, measure: 'count' },
});
