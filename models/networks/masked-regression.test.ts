/** What the masked regression network may look at, what its loss is, and its gradients. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { Tensor } from '../../kernels/tensor/tensor.ts';
import { checkGradients } from '../gradient-check.ts';
import { buildMaskedRegression, type MaskedRegressionConfig, type RegressionBatch } from './masked-regression.ts';

const device = await openDevice('reference');
const [B, L, R] = [3, 9, 4];
const hidden = [8, 0, 4];

const config = (mixer: string, own: object, timeStamps = 11): MaskedRegressionConfig => ({
  blocks: [
    { mixer, config: own },
    { mixer: 'mlp', config: { ratio: 2 } },
  ],
  width: 6,
  length: L,
  dims: R,
  timeStamps,
  norm: 'layer',
  prenorm: true,
  dropout: 0,
  tiedDropout: false,
});
const models: [string, MaskedRegressionConfig][] = [
  ['causal', config('s4d', { states: 4 })],
  ['two-sided', config('attention', { heads: 2 })],
  // No threshold on the taps: its corners have no derivative.
  ['without time stamps', config('long-conv', { lambda: 0, kernelDropout: 0, bidirectional: true }, 0)],
];

function batchOf(timeStamps: number, values = new Stream(1, 'signal').normals(B * L * R)): RegressionBatch {
  const times = Int32Array.from({ length: B * L }, (_, i) => (3 * i) % 11);
  return {
    x: Tensor.from(device, values, [B, L, R]),
    times: timeStamps ? Tensor.from(device, times, [B, L], 'i32') : null,
    hidden,
  };
}

for (const [name, c] of models)
  test(`${name}: the hidden step and what follows it are not seen, the loss is the mean absolute error`, async () => {
    const model = await buildMaskedRegression(device, c, new Streams(3));
    const values = new Stream(1, 'signal').normals(B * L * R);
    const run = async (x: Float64Array) => {
      const t = new Tape(device, { grad: false });
      const { loss, predictions } = model.loss(t, batchOf(c.timeStamps, x));
      const read = { loss: await loss.item(), predictions: await predictions.read() };
      t.close();
      return read;
    };
    const { loss, predictions } = await run(values);
    let sum = 0;
    for (let b = 0; b < B; b++)
      for (let r = 0; r < R; r++) sum += Math.abs(predictions[b * R + r] - values[(b * L + hidden[b]) * R + r]);
    assert.ok(Math.abs(loss - sum / (B * R)) < 1e-12, `loss ${loss}, by hand ${sum / (B * R)}`);
    const later = values.map((x, n) => (Math.floor(n / R) % L >= hidden[Math.floor(n / (L * R))] ? x + 1 : x));
    const same = (await run(later)).predictions;
    assert.ok(same.every((y, i) => Math.abs(y - predictions[i]) < 1e-12));
    const earlier = values.map((x, n) => (Math.floor(n / R) % L < hidden[Math.floor(n / (L * R))] ? x + 1 : x));
    const moved = (await run(earlier)).predictions;
    for (const [b, i] of hidden.entries()) {
      const most = Math.max(
        ...Array.from({ length: R }, (_, r) => Math.abs(moved[b * R + r] - predictions[b * R + r])),
      );
      // With nothing before it there is nothing to look at.
      assert.ok(i === 0 ? most < 1e-12 : most > 1e-4, `sequence ${b} moved by ${most}`);
    }
    model.store.dispose();
  });

for (const [name, c] of models)
  test(`${name}: gradients of masked regression`, async () => {
    const model = await buildMaskedRegression(device, c, new Streams(5));
    const batch = batchOf(c.timeStamps);
    await checkGradients(model.store, (t) => model.loss(t, batch).loss);
    model.store.dispose();
  });

test('a batch that does not fit the model is refused', async () => {
  const model = await buildMaskedRegression(device, config('s4d', { states: 4 }), new Streams(3));
  const t = new Tape(device, { grad: false });
  const good = batchOf(11);
  assert.throws(() => model.loss(t, { ...good, hidden: [1, 2] }), /one step from 0 to 8 for each of the 3/);
  assert.throws(() => model.loss(t, { ...good, hidden: [1, 2, 9] }), /one step from 0 to 8/);
  assert.throws(() => model.loss(t, { ...good, times: null }), /time stamps/);
  assert.throws(() => model.loss(t, { ...good, x: t.empty([B, L, R + 1]) }), /5 features, the model takes 4/);
  t.close();
  model.store.dispose();
});
