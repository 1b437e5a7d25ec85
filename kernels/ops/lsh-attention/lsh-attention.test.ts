import assert from 'node:assert/strict';
import test from 'node:test';
import { open } from '../../device/cpu.ts';
import { loadAddon } from '../../native/addon.ts';
import { Stream } from '../../tensor/random.ts';
import { Tape } from '../../tensor/tape.ts';
import { lshBuckets } from '../lsh-buckets/op.ts';
import { lshAttention } from './op.ts';

const [B, L, h, d, R, half] = [2, 300, 3, 24, 3, 5];

/** Values and gradients of hashing and attention together. */
async function run(): Promise<Buffer[]> {
  const device = await open();
  using t = new Tape(device);
  const stream = new Stream(4, 'lsh');
  const normal = (shape: number[], grad = false) => {
    const n = shape.reduce((a, b) => a * b, 1);
    return t.tensor(stream.normals(n), shape, 'real', grad);
  };
  const [x, v] = [normal([B, L, h, d], true), normal([B, L, h, d], true)];
  const list = lshBuckets(t, x, normal([d, R, half]));
  const y = lshAttention(t, x, v, list, { chunk: 32, causal: true });
  const values = [await list.buckets.read(), await list.order.read(), await y.read()];
  const grads = t.backward(y, normal([B, L, h, d]), [x, v]);
  for (const g of grads) values.push((await g?.read()) ?? new Float32Array());
  for (const leaf of [x, v]) {
    leaf.grad?.dispose();
    leaf.grad = null;
  }
  return values.map((a) => Buffer.from(a.buffer));
}

test('hashing and its attention give the same bits with any number of threads', async () => {
  const addon = loadAddon();
  const before = addon.threads();
  try {
    addon.threads(1);
    const first = await run();
    assert.ok(first.every((b) => b.length > 0));
    addon.threads(5);
    const again = await run();
    for (const [i, b] of again.entries()) assert.ok(b.equals(first[i]), `result ${i} changed`);
  } finally {
    addon.threads(before);
  }
});
