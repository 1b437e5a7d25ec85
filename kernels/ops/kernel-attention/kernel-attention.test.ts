import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../device/registry.ts';
import { Stream } from '../../tensor/random.ts';
import { Tape } from '../../tensor/tape.ts';
import { relativeError } from '../check.ts';
import { assertThreadsAgree } from '../cpu-check.ts';
import { slice } from '../slice/op.ts';
import kernelAttention, { kernelAttention as attend } from './op.ts';

test('kernel-attention gives the same bits with any number of threads', async () => {
  const bits = (B: number, Sq: number, Sk: number, h: number, m: number, e: number, causal: boolean) =>
    assertThreadsAgree(kernelAttention, {
      name: `B${B} q${Sq} k${Sk} h${h} m${m} e${e} ${causal}`,
      shapes: [[B, Sq, h, m], [B, Sk, h, m], [B, Sk, h, e], null, null],
      attrs: { causal, map: 'elu+1', eps: 1e-6, keyEps: 0 },
    });
  for (const causal of [true, false]) {
    await bits(1, 2100, 2100, 1, 24, 20, causal); // one head: groups of steps
    await bits(3, 200, 300, 3, 16, 33, causal);
  }
});

for (const id of ['reference', 'cpu'])
  test(`the state carries causal attention over cuts of the sequence on ${id}`, async () => {
    const device = await openDevice(id);
    const [B, h, m, e] = [2, 2, 5, 4];
    const stream = new Stream(1, 'cuts');
    const whole = [m, m, e].map((d) => stream.normals(B * 70 * h * d));
    const t = new Tape(device, { grad: false });
    const part = (from: number, to: number) =>
      whole.map((x, i) => {
        const row = [m, m, e][i] * h;
        const rows = Array.from({ length: B }, (_, b) => x.subarray((b * 70 + from) * row, (b * 70 + to) * row));
        return t.tensor(
          rows.flatMap((r) => Array.from(r)),
          [B, to - from, h, [m, m, e][i]],
        );
      });
    const options = { causal: true, map: 'elu+1', eps: 1e-6 } as const;
    const [q, k, v] = part(0, 70);
    const all = attend(t, q, k, v, options);
    const want = await all.o.read();
    let start = null;
    const cuts = [0, 1, 2, 35, 69, 70];
    for (const [i, from] of cuts.slice(0, -1).entries()) {
      const to = cuts[i + 1];
      const [q, k, v] = part(from, to);
      const step: ReturnType<typeof attend> = attend(t, q, k, v, { ...options, start });
      start = step.state;
      const got = await step.o.read();
      for (let b = 0; b < B; b++) {
        const size = (to - from) * h * e;
        const error = relativeError(
          got.subarray(b * size, (b + 1) * size),
          want.subarray((b * 70 + from) * h * e, (b * 70 + to) * h * e),
        );
        assert.ok(error < (device.real === 'f64' ? 1e-13 : 3e-6), `steps ${from} to ${to}: ${error}`);
      }
    }
    assert.ok(start && relativeError(await start.read(), await all.state.read()) < 3e-6);
    t.close();
  });

test('a long sequence of one head, in groups, gives what two halves of it give', async () => {
  const device = await openDevice('cpu');
  const t = new Tape(device, { grad: false });
  const stream = new Stream(2, 'long');
  const x = (d: number) => t.tensor(stream.normals(4200 * d), [1, 4200, 1, d]);
  const [q, k, v] = [x(7), x(7), x(3)];
  const full = attend(t, q, k, v, { map: 'elu+1', causal: true });
  const wide = attend(t, t.reshape(q, [1, 4200, 1, 7]), k, v, { map: 'elu+1' });
  const [a, b] = [await full.o.read(), await wide.o.read()];
  // The last query sees all keys in either form.
  assert.ok(relativeError(a.subarray(-3), b.subarray(-3)) < 1e-5);
  assert.ok(relativeError(await full.state.read(), await wide.state.read()) < 1e-6);
  // The second part from the first one's sums: both are long enough for groups.
  const part = (y: typeof q, start: number, length: number) => slice(t, y, { axis: 1, start, length });
  const head = attend(t, part(q, 0, 1500), part(k, 0, 1500), part(v, 0, 1500), { map: 'elu+1', causal: true });
  for (const causal of [true, false]) {
    const tail = attend(t, part(q, 1500, 2700), part(k, 1500, 2700), part(v, 1500, 2700), {
      ...{ map: 'elu+1', causal, start: head.state },
    });
    const last = (await tail.o.read()).subarray(-3);
    assert.ok(relativeError(last, a.subarray(-3)) < 1e-5);
    assert.ok(relativeError(await tail.state.read(), await full.state.read()) < 1e-6);
    if (causal) assert.ok(relativeError(await tail.o.read(), a.subarray(1500 * 3)) < 1e-5);
  }
  t.close();
});
