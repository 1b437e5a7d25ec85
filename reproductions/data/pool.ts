/**
 * Generation over worker threads. A job is an exported function of a module, called with plain settings and a
 * range of samples; it returns arrays. Ranges are handed out as workers become free and results are returned in
 * order, so that neither speed nor result depends on how the work was spread.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
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

/** LONGCONV_THREADS, or the number of processors. */
export const processors = (): number => Number(process.env.LONGCONV_THREADS) || availableParallelism();

/** Runs the job named `name` of `module` (an import.meta.url) over 0..total-1, in order of the ranges. */
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
  const wanted = options.workers ?? processors();
  const workers = Math.min(wanted, ranges.length);
  const results: CacheArrays[] = new Array(ranges.length);
  let done = 0;
  const finish = (i: number, arrays: CacheArrays) => {
    results[i] = arrays;
    done += ranges[i].count;
    options.progress?.(done, total.count);
  };
  if (workers <= 1) {
    const job = (await import(module))[name] as Job<S>;
    for (let i = 0; i < ranges.length; i++) {
      options.signal?.throwIfAborted();
      finish(i, await job(settings, ranges[i]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return results;
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
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

function ask(worker: Worker, range: Range): Promise<CacheArrays> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off('message', answered);
      worker.off('error', failed);
      act();
    };
    const failed = (error: unknown) => settle(() => reject(error));
    const answered = (message: { arrays?: CacheArrays; error?: string }) =>
      settle(() => (message.arrays ? resolve(message.arrays) : reject(new Error(message.error))));
    worker.on('message', answered);
    worker.on('error', failed);
    worker.postMessage(range);
  });
}
