/**
 * Batches prepared ahead of their use, in a worker thread that opens the data a second time (`DatasetBase.reopen`), so
 * that the training never waits for reading, checking or cutting. What a batch holds depends on the request alone: the
 * results are the same with and without a worker, and whatever was prepared and not used is simply forgotten.
 */
import { Worker } from 'node:worker_threads';
import { type AnyDataset, MissingFileError, type SplitName } from '../data/dataset.ts';
import { FormatError } from '../data/formats/format-error.ts';

export interface BatchRequest {
  split: SplitName;
  indices: Int32Array;
  /** For samples that are drawn anew in every epoch. */
  epoch: number;
}

export type BatchOf<D extends AnyDataset> = ReturnType<D['batch']>;

export interface LoaderOptions {
  /** Batches in preparation beyond the one that is waited for. Default 2; 0: no worker. */
  ahead?: number;
}

interface Waiting<B> {
  resolve(batch: B): void;
  reject(error: unknown): void;
}

export class Loader<D extends AnyDataset> {
  readonly ahead: number;
  #worker: Worker | null = null;
  #waiting: Waiting<BatchOf<D>>[] = [];
  #broken: unknown = null;

  constructor(
    readonly dataset: D,
    { ahead = 2 }: LoaderOptions = {},
  ) {
    this.ahead = dataset.reopen ? ahead : 0;
    if (!this.ahead || !dataset.reopen) return;
    const workerData = { ...dataset.reopen, checksum: dataset.checksum };
    this.#worker = new Worker(new URL('./loader-worker.ts', import.meta.url), { workerData });
    this.#worker.on('message', (answer) => this.#answered(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () =>
      this.#fail(new Error(`${dataset.id}: the loading thread has ended by itself: start the run again`)),
    );
  }

  /** The batch of a request. Requests are answered in order. */
  get(request: BatchRequest): Promise<BatchOf<D>> {
    if (this.#broken) return Promise.reject(this.#broken);
    if (!this.#worker) return Promise.resolve().then(() => this.#here(request));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker?.postMessage(request);
    });
  }

  /** The batches of a sequence of requests, always `ahead` of them in preparation. */
  async *run(requests: Iterable<BatchRequest>): AsyncGenerator<BatchOf<D>, void, void> {
    const source = requests[Symbol.iterator]();
    const queue: Promise<BatchOf<D>>[] = [];
    const fill = (depth: number) => {
      for (; queue.length < depth; ) {
        const { value, done } = source.next();
        if (done) return;
        const batch = this.get(value);
        // Whoever takes it from the queue sees the error; a batch that nobody takes is nobody's concern.
        batch.catch(() => {});
        queue.push(batch);
      }
    };
    for (;;) {
      fill(1);
      const batch = queue.shift();
      if (!batch) return;
      fill(this.ahead);
      yield await batch;
    }
  }

  close(): void {
    this.#fail(new Error('the loader was closed'));
    void this.#worker?.terminate();
    this.#worker = null;
  }

  #here({ split, indices, epoch }: BatchRequest): BatchOf<D> {
    return this.dataset.batch(split, indices, epoch) as BatchOf<D>;
  }

  #answered({ batch, error }: { batch?: BatchOf<D>; error?: { name: string; message: string } }): void {
    const next = this.#waiting.shift();
    if (batch) next?.resolve(batch);
    else next?.reject(revive(error ?? { name: 'Error', message: 'the loading thread gave no reason' }));
  }

  #fail(error: unknown): void {
    this.#broken ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** Errors lose their class between threads; these decide the exit code. */
function revive({ name, message }: { name: string; message: string }): Error {
  if (name === 'MissingFileError') return new MissingFileError(message);
  const error = name === 'FormatError' ? Object.create(FormatError.prototype) : new Error(message);
  return Object.assign(error, { name, message });
}
