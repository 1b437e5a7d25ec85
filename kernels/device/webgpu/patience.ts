/**
 * Waits for a promise of Dawn. While one is open, Dawn's binding polls the GPU on every turn of the event loop, as
 * fast as the loop turns, and so takes a processor core from whoever needs it (a software driver needs all of them).
 * Short sleeps between the turns leave the core free: none at first, for small work, up to a millisecond later.
 */
import { setImmediate } from 'node:timers/promises';

const pause = new Int32Array(new SharedArrayBuffer(4));
const spinMs = 0.5;

export async function patiently<T>(promise: Promise<T>): Promise<T> {
  if ('Deno' in globalThis) return promise;
  let open = true;
  const settled = promise.then(
    () => {
      open = false;
    },
    () => {
      open = false;
    },
  );
  const start = performance.now();
  while (open) {
    await Promise.race([settled, setImmediate()]);
    const waited = performance.now() - start;
    if (open && waited > spinMs) Atomics.wait(pause, 0, 0, waited > 10 ? 1 : 0.1);
  }
  return promise;
}
