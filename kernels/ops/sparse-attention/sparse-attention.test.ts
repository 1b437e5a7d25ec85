import assert from 'node:assert/strict';
import test from 'node:test';
import { open } from '../../device/cpu.ts';
import { Stream } from '../../tensor/random.ts';
import { Tape } from '../../tensor/tape.ts';
import { relativeError } from '../check.ts';
import { assertThreadsAgree } from '../cpu-check.ts';
import { flashAttention } from '../flash-attention/op.ts';
import sparseAttention, { sparseAttention as attend } from './op.ts';

test('sparse-attention gives the same bits with any number of threads', async () => {
  const windows = { window: 100, back: 1, ahead: 1, exact: true };
  for (const causal of [true, false])
    await assertThreadsAgree(sparseAttention, {
      name: `windows, one head, ${causal}`,
      shapes: [[1, 2000, 1, 24], [1, 2000, 1, 24], [1, 2000, 1, 24], null, null, null],
      attrs: { causal, scale: 0.3, block: 0, density: 1, ...windows },
    });
});

test('sparse-attention names the operand that does not fit', () => {
  const shapes = (mask: number[] | null) => [[1, 10, 2, 4], [1, 10, 2, 4], [1, 10, 2, 4], null, null, mask];
  const attrs = { causal: false, scale: 1, block: 4, density: 1, window: 0, back: 0, ahead: 0, exact: false };
  assert.throws(() => sparseAttention.infer(shapes([2, 2, 3]), attrs), /mask \(2, 2, 3\) must be \(2, 3, 3\)/);
  assert.throws(() => sparseAttention.infer(shapes(null), attrs), /give both or none/);
  assert.throws(() => sparseAttention.infer(shapes([2, 3, 3]), { ...attrs, window: 2.5 }), /must be whole numbers/);
  const rectangular = [[1, 10, 2, 4], [1, 9, 2, 4], [1, 9, 2, 4], null, null, null];
  assert.throws(() => sparseAttention.infer(rectangular, { ...attrs, block: 0, window: 3 }), /as many queries as keys/);
});

test('with every block present, or a window as long as the sequence, it is whole attention', async () => {
  const device = await open();
  const stream = new Stream(6, 'whole');
  using t = new Tape(device, { grad: false });
  const [q, k, v] = [0, 1, 2].map(() => t.tensor(stream.normals(2 * 150 * 3 * 16), [2, 150, 3, 16]));
  for (const causal of [false, true]) {
    const want = await flashAttention(t, q, k, v, { causal }).o.read();
    const mask = t.tensor(new Int32Array(3 * 5 * 5).fill(1), [3, 5, 5], 'i32');
    const blocks = await attend(t, q, k, v, { causal, blocks: { mask, block: 32 } }).o.read();
    const windows = await attend(t, q, k, v, {
      causal,
      windows: { size: 150, back: 1, ahead: 1, exact: true },
    }).o.read();
    assert.ok(relativeError(blocks, want) < 1e-6);
    assert.ok(relativeError(windows, want) < 1e-6);
  }
});
