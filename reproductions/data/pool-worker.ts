/** The worker side of pool.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Job, Range } from './pool.ts';

const { module, name, settings } = workerData as { module: string; name: string; settings: unknown };
const job = import(module).then((m) => m[name] as Job<unknown>);

parentPort?.on('message', async (range: Range) => {
  try {
    const arrays = await (await job)(settings, range);
    const buffers = Object.values(arrays).map((array) => array.buffer as ArrayBuffer);
    parentPort?.postMessage({ arrays }, buffers);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    parentPort?.postMessage({ error: { name, message } });
  }
});
