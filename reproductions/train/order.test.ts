import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cursor, inOrder, SampleOrder } from './order.ts';

test('every sample at most once an epoch, other orders in other epochs, and from anywhere', () => {
  const order = new SampleOrder(1, 10, 3);
  const start: Cursor = { epoch: 0, batch: 0 };
  const requests = order.from(start);
  const epochs = [0, 1].map(() => Array.from({ length: 3 }, () => [...requests.next().value.indices]).flat());
  for (const epoch of epochs) assert.equal(new Set(epoch).size, 9);
  assert.notDeepEqual(epochs[0], epochs[1]);
  const later = new SampleOrder(1, 10, 3);
  assert.deepEqual([...later.at({ epoch: 1, batch: 1 })], epochs[1].slice(3, 6));
  assert.deepEqual([...later.at({ epoch: 0, batch: 2 })], epochs[0].slice(6, 9));
  assert.throws(() => new SampleOrder(1, 10, 11), /larger than the 10 training samples/);
});

test('a cursor moves batch by batch; the end of an epoch is the beginning of the next', () => {
  const order = new SampleOrder(1, 10, 3);
  assert.deepEqual(order.after({ epoch: 4, batch: 1 }), { epoch: 4, batch: 2 });
  assert.deepEqual(order.after({ epoch: 4, batch: 2 }), { epoch: 5, batch: 0 });
  assert.deepEqual(order.normal({ epoch: 4, batch: 3 }), { epoch: 5, batch: 0 });
});

test('a batch in parts is the same samples in the same order', () => {
  const whole = [...new SampleOrder(7, 20, 6).at({ epoch: 2, batch: 1 })];
  const parts = new SampleOrder(7, 20, 6).from({ epoch: 2, batch: 1 }, 3);
  const taken = Array.from({ length: 3 }, () => parts.next().value);
  assert.deepEqual(
    taken.flatMap(({ indices }) => [...indices]),
    whole,
  );
  assert.ok(taken.every(({ split, epoch }) => split === 'train' && epoch === 2));
});

test('a split in order: each sample once, the last batch smaller', () => {
  const batches = [...inOrder('test', 7, 3)].map(({ indices }) => [...indices]);
  assert.deepEqual(batches, [[0, 1, 2], [3, 4, 5], [6]]);
});
