/** The kernels' random words are the host stream's, and the mask is what its options say. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../device/registry.ts';
import { loadAddon } from '../../native/addon.ts';
import { Stream, Streams } from '../../tensor/random.ts';
import { Tape } from '../../tensor/tape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { openIsa } from '../cpu-check.ts';
import dropoutOp, { dropout } from './op.ts';

for (const isa of loadAddon().isas())
  test(`the dropout kernel (${isa}) draws the host stream, word for word`, async () => {
    const device = await openIsa(isa);
    const stream = new Stream(5, 'dropout');
    const n = 131;
    // The block index crosses 2^32 within the tensor: carries count.
    const start = 2 ** 32 - 11;
    const words = Array.from({ length: Math.ceil(n / 4) }, (_, b) => stream.block(start + b)).flat();
    using t = new Tape(device, { grad: false });
    const x = t.tensor(new Float32Array(n).fill(1), [n]);
    for (let i = 0; i < n; i++) {
      // Element i is kept when word >= p 2^32: so exactly up to p = word / 2^32, which pins the word.
      const kept = async (p: number) => {
        const attrs = { p, tied: [], key: stream.key, start };
        return (await t.apply(dropoutOp, [x], attrs)[0].read())[i] !== 0;
      };
      assert.equal(await kept(words[i] / 2 ** 32), true, `word ${i} is below the host's`);
      assert.equal(await kept((words[i] + 1) / 2 ** 32), false, `word ${i} is above the host's`);
    }
  });

const device = await openDevice('cpu');

test('dropout is the identity in evaluation and at p = 0, and takes no random numbers then', () => {
  for (const [training, p] of [
    [false, 0.5],
    [true, 0],
  ] as const) {
    using t = new Tape(device, { training });
    const x = t.tensor([1, 2, 3], [3]);
    assert.equal(dropout(t, x, { p }), x);
    assert.equal(t.streams.get('dropout').position, 0);
  }
  using t = new Tape(device);
  assert.throws(() => dropout(t, t.tensor([1], [1]), { p: 1 }), /must lie in \[0, 1\)/);
});

test('tied axes share a mask, calls do not, and the backward pass repeats the forward mask', async () => {
  using t = new Tape(device, { streams: new Streams(11) });
  const ones = new Float32Array(4 * 50 * 16).fill(1);
  const x = Tensor.from(device, ones, [4, 50, 16], 'real', true);
  const y = dropout(t, x, { p: 0.25, tied: [-2] });
  const a = await y.read();
  const b = await dropout(t, x, { p: 0.25, tied: [1] }).read();
  const row = (data: ArrayLike<number>, s: number, l: number) =>
    Array.from({ length: 16 }, (_, h) => data[(s * 50 + l) * 16 + h]);
  for (let s = 0; s < 4; s++) for (let l = 1; l < 50; l++) assert.deepEqual(row(a, s, l), row(a, s, 0));
  assert.notDeepEqual(row(a, 0, 0), row(a, 1, 0));
  assert.notDeepEqual(a, b);
  assert.ok(a.every((v) => v === 0 || Math.abs(v - 4 / 3) < 1e-6));
  t.backward(y);
  assert.deepEqual(await x.grad?.read(), a);
  x.dispose();
});

test('the share that is dropped is p', async () => {
  using t = new Tape(device);
  const n = 200000;
  const y = await dropout(t, t.tensor(new Float32Array(n).fill(1), [n]), { p: 0.3 }).read();
  const dropped = Array.from(y).filter((v) => v === 0).length / n;
  assert.ok(Math.abs(dropped - 0.3) < 5 * Math.sqrt(0.21 / n), `dropped ${dropped}`);
});
