/** Steps of slow modes: nothing drifts, on any instruction set, and any number of threads gives the same bits. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../device/registry.ts';
import { loadAddon } from '../../native/addon.ts';
import { Stream } from '../../tensor/random.ts';
import { relativeError, runOp } from '../check.ts';
import { assertThreadsAgree, openIsa } from '../cpu-check.ts';
import op, { type StateStepsAttrs } from './op.ts';

const [B, M, H, N] = [2, 1001, 19, 3];

/** a of decay times from 10 to 10^5 steps at all frequencies; exactly, and as float32 with what that leaves. */
function operands(rank: number) {
  const stream = new Stream(4, `rank ${rank}`);
  const K = rank === 0 ? 2 : 3 + 2 * rank;
  const exact = stream.normals(K * N * 2 * H, rank === 0 ? 1 : 0.02);
  for (let n = 0; n < N; n++)
    for (let h = 0; h < H; h++) {
      const [size, angle] = [Math.exp(-(10 ** -(1 + (4 * h) / H))), n * 1.1 + 0.001 * h];
      exact[2 * n * H + h] = size * Math.cos(angle);
      exact[(2 * n + 1) * H + h] = size * Math.sin(angle);
    }
  const shapes = [
    [B, M, H],
    [K, N, 2, H],
    [K, N, 2, H],
    [1, H],
    [B, N, 2, H],
  ];
  const [u, , , D, state] = shapes.map((s) => stream.normals(s.reduce((a, b) => a * b)).map(Math.fround));
  const attrs: StateStepsAttrs = { channels: 1, rank };
  const data = [u, exact.map(Math.fround), exact.map((x) => x - Math.fround(x)), D, state];
  return { c: { name: 'slow modes', shapes, attrs }, data, exact };
}

const reference = await openDevice('reference');
for (const isa of loadAddon().isas())
  for (const rank of [0, 1])
    test(`a thousand steps of slow modes, rank ${rank}, on ${isa}`, async () => {
      const device = await openIsa(isa, { poison: true });
      const { c, data, exact } = operands(rank);
      const want = await runOp(reference, op, c, [data[0], exact, null, data[3], data[4]], new Stream(1, ''));
      const got = await runOp(device, op, c, data, new Stream(1, ''));
      got.outputs.forEach((y, i) => {
        const error = relativeError(y, want.outputs[i]);
        assert.ok(error < 3e-6, `${op.outputs[i].name} is off by ${error}`);
      });
      if (rank > 0) return;
      const [u, rows, , D, state] = data;
      const rounded = await runOp(device, op, c, [u, rows, null, D, state], new Stream(1, ''));
      const drift = relativeError(rounded.outputs[0], want.outputs[0]);
      assert.ok(drift > 1e-5, `without the remainders the error should show, it is ${drift}`);
    });

test('the number of threads changes nothing', async () => {
  for (const rank of [0, 2]) {
    const K = rank === 0 ? 2 : 3 + 2 * rank;
    const shapes = [[3, 40, 200], [K, 16, 2, 200], null, null, [3, 16, 2, 200]];
    await assertThreadsAgree(op, { name: `rank ${rank}`, shapes, attrs: { channels: 1, rank } });
  }
});
