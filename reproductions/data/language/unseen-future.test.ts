/** Steps whose future is not true: everything before them is, and one target is asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IGNORED, type TokenDataset } from '../dataset.ts';
import { unseenFuture } from './unseen-future.ts';

const L = 7;
/** Token t of window w is 100 w + t; what is to be predicted is the next one, and nothing at step 2. */
const text = (windows: number): TokenDataset => ({
  ...{ task: 'tokens', id: 'text', kind: 'stand-in:text', description: 'a text', length: L, checksum: 'c' },
  sizes: { train: 3, validation: 1, test: windows },
  vocabulary: 1000,
  batch(_, indices) {
    const x = Int32Array.from({ length: indices.length * L }, (_, i) => 100 * indices[Math.floor(i / L)] + (i % L));
    return { x, targets: x.map((token, i) => (i % L === 2 ? IGNORED : token + 1)), B: indices.length, L };
  },
});

test('all that follows the step is of another window, and only its own target counts', () => {
  const data = unseenFuture(text(4), 50);
  assert.equal(data.sizes.test, 200);
  const indices = Array.from({ length: 200 }, (_, n) => n);
  const { x, targets, B } = data.batch('test', indices);
  assert.equal(B, 200);
  const seen = new Set<number>();
  for (const n of indices) {
    const window = Math.floor(n / 50);
    const row = Array.from(x.subarray(n * L, (n + 1) * L));
    const asked = Array.from(targets.subarray(n * L, (n + 1) * L));
    const at = asked.findIndex((target) => target !== IGNORED);
    assert.deepEqual(
      asked,
      asked.map((_, t) => (t === at ? 100 * window + t + 1 : IGNORED)),
    );
    seen.add(at);
    for (const [t, token] of row.entries()) {
      assert.equal(token % 100, t);
      assert.equal(Math.floor(token / 100) === window, t <= at, `${n}: ${row} asked at ${at}`);
    }
  }
  assert.deepEqual([...seen].sort(), [0, 1, 3, 4, 5, 6], 'every step that counts, and no other');
});

test('a sample is the same in any batch; the checksum follows the text and the number of steps', () => {
  const data = unseenFuture(text(3), 4);
  const [alone, among] = [data.batch('test', [7]), data.batch('test', [1, 7, 11])];
  assert.deepEqual(alone.x, among.x.slice(L, 2 * L));
  assert.deepEqual(alone.targets, among.targets.slice(L, 2 * L));
  assert.notEqual(unseenFuture(text(3), 5).checksum, data.checksum);
  assert.notEqual(unseenFuture({ ...text(3), checksum: 'd' }, 4).checksum, data.checksum);
});

test('one window has no other, other splits are refused, samples beyond the last one too', () => {
  assert.throws(() => unseenFuture(text(1), 4), /two test windows are needed/);
  assert.throws(() => unseenFuture(text(2), 4).batch('train', [0]), /a test split alone/);
  assert.throws(() => unseenFuture(text(2), 4).batch('test', [8]), /there is no sample 8 in test, which has 8/);
});
