/** DSS step by step where some of its modes grow: equal to the convolution as long as the device can hold them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import dss from '../mixers/dss.ts';
import { ParameterStore } from '../parameters.ts';

const [B, H] = [2, 3];

/** The convolution and one advance over the whole of `length` steps, for steps of up to `dtMax`. */
async function both(id: string, length: number, dtMax: number) {
  const device = await openDevice(id);
  const store = new ParameterStore(device);
  const size = { width: H, length, layers: 1, dropout: 0, tiedDropout: false };
  const options = { states: 8, init: 'random', output: 'none', activation: 'none', dtMin: dtMax / 2, dtMax } as const;
  const mixer = dss.build(store.at('m'), size, { ...dss.defaults, ...options }, new Streams(5));
  const lambda = await store.get('m.layer.kernel.Lambda').read();
  assert.ok(lambda.some((x, i) => i % 2 === 0 && x > 0.3) && lambda.some((x, i) => i % 2 === 0 && x < -0.3));
  using t = new Tape(device, { grad: false });
  const x = t.tensor(new Stream(6, 'input').normals(B * length * H), [B, length, H]);
  const want = await mixer.forward(t, x, {}).read();
  const recurrence = await mixer.recurrence?.(t);
  assert.ok(recurrence);
  return { want, got: await recurrence.advance(t, x, recurrence.start(B)).y.read() };
}

for (const [id, limit] of [
  ['reference', 1e-10],
  ['cpu', 2e-5],
] as const)
  test(`growing modes on ${id}`, async () => {
    const { want, got } = await both(id, 200, 0.1);
    assert.ok(relativeError(got, want) < limit, `off by ${relativeError(got, want)}`);
  });

test('a mode that outgrows float32 is an error that says so', async () => {
  await assert.rejects(both('cpu', 4000, 0.1), /mode \d+ of channel \d+ grows by e\^\d+ in 4000 steps/);
});
