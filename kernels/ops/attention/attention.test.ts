import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../device/registry.ts';
import { Tape } from '../../tensor/tape.ts';
import { assertThreadsAgree } from '../cpu-check.ts';
import { flashAttention } from '../flash-attention/op.ts';
import { ShapeError } from '../op.ts';
import attentionOp, { attention } from './op.ts';

test('attention gives the same bits with any number of threads', () =>
  assertThreadsAgree(attentionOp, {
    name: 'two heads',
    shapes: [[1, 190, 2, 24], [1, 333, 2, 24], [1, 333, 2, 24], null],
    attrs: { causal: true, scale: 0.3 },
  }));

for (const id of ['reference', 'cpu'])
  test(`later keys and values do not move earlier rows (${id})`, async () => {
    const device = await openDevice(id);
    const L = 83;
    const d = 16;
    for (const form of [attention, flashAttention]) {
      const run = async (from: number) => {
        using t = new Tape(device, { grad: false });
        const make = (phase: number, moved: boolean) =>
          t.tensor(
            Float64Array.from(
              { length: L * d },
              (_, i) => Math.sin(i * 0.37 + phase) + (moved && i / d >= from ? 2 : 0),
            ),
            [1, L, 1, d],
          );
        const { o } = form(t, make(0, false), make(1, true), make(2, true), { causal: true });
        return o.read();
      };
      const [before, after] = [await run(L), await run(40)];
      assert.deepEqual(after.slice(0, 40 * d), before.slice(0, 40 * d));
      assert.notDeepEqual(after.slice(40 * d), before.slice(40 * d));
    }
  });

test('a gradient of the log-sum-exp alone reaches q and k', async () => {
  const results = [];
  for (const [id, form] of [
    ['reference', attention],
    ['cpu', attention],
    ['cpu', flashAttention],
  ] as const) {
    using t = new Tape(await openDevice(id));
    const make = (phase: number) =>
      t.tensor(
        Float64Array.from({ length: 2 * 9 * 5 }, (_, i) => Math.sin(i + phase)),
        [1, 9, 2, 5],
        'real',
        true,
      );
    const [q, k, v] = [make(0), make(1), make(2)];
    const { lse } = form(t, q, k, v, { causal: true });
    const grads = await Promise.all(t.backward(lse, undefined, [q, k, v]).map((g) => g?.read()));
    results.push(grads.flatMap((g) => [...(g ?? [])]));
    for (const x of [q, k, v]) x.grad?.dispose();
  }
  const [want, ...got] = results;
  assert.ok(want.length === 270 && got.every((list) => list.length === want.length));
  for (const list of got)
    list.forEach((x, i) => void assert.ok(Math.abs(x - want[i]) < 1e-5, `${i}: ${x}, ${want[i]}`));
});

test('attention names the operand that does not fit', () => {
  const infer =
    (...shapes: (number[] | null)[]) =>
    () =>
      attentionOp.infer(shapes, { causal: false, scale: 1 });
  assert.throws(
    infer([1, 4, 2, 8], [1, 4, 2, 6], [1, 4, 2, 6], null),
    (e: Error) => e instanceof ShapeError && /^attention: k/.test(e.message),
  );
  assert.throws(infer([1, 4, 2, 8], [1, 5, 2, 8], [1, 4, 2, 8], null), /v .* must have the shape of k/);
  assert.throws(infer([2, 4, 2, 8], [2, 4, 2, 8], [2, 4, 2, 8], [3]), /lengths \(3\) must be \(2\)/);
});
