import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../device/registry.ts';
import { Stream } from '../../tensor/random.ts';
import { Tape } from '../../tensor/tape.ts';
import { relativeError } from '../check.ts';
import { assertThreadsAgree } from '../cpu-check.ts';
import flashAttention, { flashAttention as attend } from './op.ts';

test('flash-attention gives the same bits with any number of threads', async () => {
  const bits = (B: number, Sq: number, Sk: number, h: number, d: number, causal: boolean) =>
    assertThreadsAgree(flashAttention, {
      name: `B${B} q${Sq} k${Sk} h${h} d${d} ${causal}`,
      shapes: [[B, Sq, h, d], [B, Sk, h, d], [B, Sk, h, d], null],
      attrs: { causal, scale: 0.3 },
    });
  await bits(1, 300, 2000, 1, 24, true); // one head: groups of keys
  await bits(3, 200, 200, 3, 16, false);
});

/** Gradients of q, k, v when only some queries' outputs are used, and with `lse` used everywhere. */
async function gradients(id: string, used: (query: number) => boolean, logSum: boolean) {
  const [B, L, h, d] = [2, 333, 2, 10];
  const stream = new Stream(7, 'used');
  const device = await openDevice(id);
  const t = new Tape(device);
  const normal = () => t.tensor(stream.normals(B * L * h * d).map(Math.fround), [B, L, h, d]);
  const [q, k, v] = [normal(), normal(), normal()];
  const { o, lse } = attend(t, q, k, v, { keyLengths: t.tensor([200, L], [B], 'i32') });
  const g = stream.normals(B * L * h * d).map((x, i) => (used(Math.floor(i / (h * d)) % L) ? Math.fround(x) : 0));
  const found = t.backward(o, t.tensor(g, o.shape), [q, k, v]);
  const read = await Promise.all(found.map((x) => x?.read()));
  const ofLse = logSum ? await Promise.all(t.backward(lse, undefined, [q, k, v]).map((x) => x?.read())) : [];
  t.close();
  return [...read, ...ofLse].map((x) => Array.from(x ?? []));
}

test('queries whose output nobody uses are left out of the gradients, and change none', async () => {
  for (const used of [(i: number) => i < 130, (i: number) => i === 332, () => false]) {
    const want = await gradients('reference', used, true);
    const got = await gradients('cpu', used, true);
    for (const [i, x] of got.entries()) assert.ok(relativeError(x, want[i]) < 5e-6, `gradient ${i}`);
  }
});
