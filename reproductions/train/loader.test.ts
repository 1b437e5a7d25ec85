import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostBatch, MissingFileError } from '../data/dataset.ts';
import { open } from './loader.fixture.ts';
import { type BatchRequest, Loader } from './loader.ts';
import { inOrder, SampleOrder } from './order.ts';

const numbers = (broken?: number) => open({ checksum: 'of the numbers', ...(broken ? { broken } : {}) });

async function take(loader: Loader<Awaited<ReturnType<typeof open>>>, requests: Iterable<BatchRequest>, count: number) {
  const batches: HostBatch[] = [];
  const run = loader.run(requests);
  for (let i = 0; i < count; i++) {
    const { value, done } = await run.next();
    if (done) break;
    batches.push(value as HostBatch);
  }
  return batches;
}

test('batches are the same with a worker and without, in order, over epochs', async () => {
  const dataset = await numbers();
  const requests = () => new SampleOrder(3, 100, 16).from({ epoch: 0, batch: 4 }, 2);
  const results: HostBatch[][] = [];
  for (const ahead of [0, 1, 2, 5]) {
    const loader = new Loader(dataset, { ahead });
    assert.equal(loader.ahead, ahead);
    results.push(await take(loader, requests(), 12));
    loader.close();
  }
  assert.equal(results[0].length, 12);
  assert.equal(results[0][5].targets[0] >= 100, true, 'the second epoch was reached');
  for (const other of results.slice(1)) assert.deepEqual(other, results[0]);
});

test('a batch that shows a part of the data leaves them as they are', async () => {
  const loader = new Loader(await numbers(), { ahead: 2 });
  const once = await take(loader, inOrder('test', 3, 1), 5);
  const again = await take(loader, inOrder('test', 3, 1), 5);
  loader.close();
  assert.deepEqual(
    once.map(({ x }) => x[0]),
    [0, 1, 2],
  );
  assert.deepEqual(again, once);
});

test('an error of the loading thread keeps its kind, and comes with the batch that has it', async () => {
  const loader = new Loader(await numbers(5), { ahead: 3 });
  const run = loader.run(inOrder('test', 10, 2));
  assert.equal((await run.next()).value?.B, 2);
  assert.equal((await run.next()).value?.B, 2);
  await assert.rejects(run.next(), (e) => e instanceof MissingFileError && e.message === 'sample 5 is not there');
  assert.equal((await loader.get({ split: 'test', indices: Int32Array.of(1, 2), epoch: 0 })).B, 2);
  loader.close();
});

test('data that changed since they were opened are refused', async () => {
  const loader = new Loader(await open({ checksum: 'of other numbers' }));
  await assert.rejects(take(loader, inOrder('test', 4, 2), 1), /numbers: the data changed/);
  loader.close();
});

test('a closed loader says so, and leaves nothing waiting', async () => {
  const loader = new Loader(await numbers());
  const pending = loader.get({ split: 'train', indices: Int32Array.of(1, 2), epoch: 0 });
  loader.close();
  await assert.rejects(pending, /was closed/);
  await assert.rejects(loader.get({ split: 'train', indices: Int32Array.of(1), epoch: 0 }), /was closed/);
});

test('a loading thread that ends by itself is an error, not silence', { timeout: 20_000 }, async () => {
  const loader = new Loader(await open({ checksum: 'of the numbers', ends: 5 }), { ahead: 2 });
  await assert.rejects(take(loader, inOrder('test', 10, 2), 5), /numbers: the loading thread has ended by itself/);
  loader.close();
});
