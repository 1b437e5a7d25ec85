/** The worker side of loader.ts: opens the data again and answers requests for batches in order. */
import { parentPort, workerData } from 'node:worker_threads';
import type { AnyDataset } from '../data/dataset.ts';
import { CorruptFileError } from '../data/unit.ts';
import type { BatchRequest } from './loader.ts';

type Open = (settings: unknown) => Promise<AnyDataset>;
const { module, name, settings, checksum } = workerData as {
  module: string;
  name: string;
  settings: unknown;
  checksum: string;
};

async function open(): Promise<AnyDataset> {
  const dataset = await ((await import(module))[name] as Open)(settings);
  if (dataset.checksum !== checksum)
    throw new CorruptFileError(`${dataset.id}: the data changed while they were being used: start the run again`);
  return dataset;
}
const opened = open();
// Answered with every request.
opened.catch(() => {});

let last: Promise<void> = opened.then(
  () => {},
  () => {},
);
parentPort?.on('message', (request: BatchRequest) => {
  last = last.then(() => answer(request));
});

async function answer({ split, indices, epoch }: BatchRequest): Promise<void> {
  try {
    const batch = (await opened).batch(split, indices, epoch);
    parentPort?.postMessage({ batch }, buffersOf(batch));
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    parentPort?.postMessage({ error: { name, message } });
  }
}

/** Handed over, not copied, unless a batch shows a part of something larger. */
function buffersOf(batch: object): ArrayBuffer[] {
  const buffers = Object.values(batch)
    .filter(ArrayBuffer.isView)
    .filter((view) => view.byteLength === view.buffer.byteLength)
    .map((view) => view.buffer as ArrayBuffer);
  return [...new Set(buffers)];
}
