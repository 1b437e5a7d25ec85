/**
 * Generation over worker threads. A job is an exported function of a module, called with plain settings and a
 * range of samples; it returns arrays. Ranges are handed out as workers become free and results are returned in
 * order, so that neither speed nor result depends on how the work was spread.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { UsageError } from '../../results/terminal/errors.ts';
import type { CacheArrays } from './cache.ts';

export interface Range {
  start: number;
  count: number;
}
export type Job<S> = (settings: S, range: Range) => CacheArrays | Promise<CacheArrays>;

export interface PoolOptions {
  /** Samples per call. Default 256. */
  chunk?: number;
  /** Default: LONGCONV_THREADS, or the number of processors. */
  workers?: number;
  /** Aborted: no further range is begun, and the reason is thrown. */
  signal?: AbortSignal;
  progress?(done: number, total: number): void;
}

/** What is said of a thread that is gone without a word, as one is for which the system has no memory. */
export const ENDED = 'a thread has ended by itself (is there enough memory?): call it again';

/** As the CPU device takes it. */
const MOST_THREADS = 1024;

/** More threads than processors only take memory; so many are always allowed. */
const ALWAYS_ALLOWED = 16;

/** LONGCONV_THREADS, but not far beyond what the machine has, or the number of processors. Throws `UsageError`. */
export function processors(): number {
  const given = process.env.LONGCONV_THREADS;
  if (!given) return availableParallelism();
  const threads = Number(given);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)
    return Math.min(threads, Math.max(ALWAYS_ALLOWED, availableParallelism()));
  throw new UsageError(
    `LONGCONV_THREADS=${given} is no number of threads: unset it or give a whole number from 1 to ${MOST_THREADS}`,
  );
}

/** Runs the job named `name` of `module` (an import.meta.url) over `total`, cut into chunks; results in their order. */
export async function runJob<S>(
  module: string,
  name: string,
  settings: S,
  total: Range,
  options: PoolOptions = {},
): Promise<CacheArrays[]> {
  const chunk = options.chunk ?? 256;
  const ranges: Range[] = [];
  for (let start = 0; start < total.count; start += chunk)
    ranges.push({ start: total.start + start, count: Math.min(chunk, total.count - start) });
  const results: CacheArrays[] = new Array(ranges.length);
  await runRanges(module, name, settings, ranges, options, (i, arrays) => {
    results[i] = arrays;
  });
  return results;
}

/** Runs the job over these ranges and hands each result to `take` as soon as it is there, in any order. */
export async function runRanges<S>(
  module: string,
  name: string,
  settings: S,
  ranges: readonly Range[],
  options: Omit<PoolOptions, 'chunk'>,
  take: (index: number, arrays: CacheArrays) => void,
): Promise<void> {
  const total = ranges.reduce((n, range) => n + range.count, 0);
  let done = 0;
  const finish = (i: number, arrays: CacheArrays) => {
    take(i, arrays);
    done += ranges[i].count;
    options.progress?.(done, total);
  };
  const workers = Math.min(options.workers ?? processors(), ranges.length);
  if (workers <= 1) {
    const job = (await import(module))[name] as Job<S>;
    for (let i = 0; i < ranges.length; i++) {
      options.signal?.throwIfAborted();
      finish(i, await job(settings, ranges[i]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return;
  }
  let next = 0;
  const work = async () => {
    const worker = new Worker(new URL('./pool-worker.ts', import.meta.url), { workerData: { module, name, settings } });
    try {
      while (next < ranges.length) {
        options.signal?.throwIfAborted();
        const i = next++;
        finish(i, await ask(worker, ranges[i]));
      }
    } catch (error) {
      next = ranges.length;
      throw error;
    } finally {
      await worker.terminate();
    }
  };
  const all = await Promise.allSettled(Array.from({ length: workers }, work));
  for (const one of all) if (one.status === 'rejected') throw one.reason;
}

/** What the other side threw: its name tells the commands how to end. */
interface Failure {
  name: string;
  message: string;
}

function ask(worker: Worker, range: Range): Promise<CacheArrays> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off('message', answered);
      worker.off('error', failed);
      worker.off('exit', ended);
      act();
    };
    const failed = (error: unknown) => settle(() => reject(error));
    const ended = () => failed(new Error(ENDED));
    const answered = ({ arrays, error }: { arrays?: CacheArrays; error?: Failure }) =>
      settle(() => {
        if (arrays) resolve(arrays);
        else reject(Object.assign(new Error(error?.message), { name: error?.name }));
      });
    worker.on('message', answered);
    worker.on('error', failed);
    worker.on('exit', ended);
    worker.postMessage(range);
  });
}
