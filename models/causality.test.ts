/** What each configuration may look at: the future, padded steps, other sequences. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../kernels/device/registry.ts';
import { Stream, Streams } from '../kernels/tensor/random.ts';
import { Tape } from '../kernels/tensor/tape.ts';
import { smallClassifier, smallModels } from './cases.ts';
import { buildClassifier, type Classifier } from './networks/classifier.ts';

const device = await openDevice('reference');
const H = 6;

async function states(model: Classifier, rows: number[][], lengths?: number[]): Promise<Float64Array> {
  const t = new Tape(device, { grad: false });
  const x = t.tensor(rows.flat(), [rows.length, rows[0].length], 'i32');
  const n = lengths ? t.tensor(lengths, [rows.length], 'i32') : null;
  const h = (await model.states(t, { x, lengths: n }).read()) as Float64Array;
  t.close();
  return h;
}

async function logits(model: Classifier, rows: number[][], lengths?: number[]): Promise<Float64Array> {
  const t = new Tape(device, { grad: false });
  const x = t.tensor(rows.flat(), [rows.length, rows[0].length], 'i32');
  const n = lengths ? t.tensor(lengths, [rows.length], 'i32') : null;
  const y = (await model.logits(t, { x, lengths: n }).read()) as Float64Array;
  t.close();
  return y;
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>, from = 0, to = a.length): number => {
  let worst = 0;
  for (let i = from; i < to; i++) worst = Math.max(worst, Math.abs(a[i] - b[i]));
  return worst;
};

for (const small of smallModels)
  test(`${small.name} ${small.causal ? 'does not see' : 'sees'} the future`, async () => {
    const model = await buildClassifier(device, smallClassifier(small), new Streams(4));
    const L = model.config.length;
    assert.equal(model.causal, small.causal);
    const stream = new Stream(8, small.name);
    const row = Array.from({ length: L }, () => stream.integer(7));
    const changed = row.map((id, l) => (l < 8 ? id : (id + 1) % 7));
    const [a, b] = [await states(model, [row]), await states(model, [changed])];
    const past = largest(a, b, 0, 8 * H);
    // An FFT spreads rounding errors over all outputs; anything real is far larger.
    if (small.causal) assert.ok(past < 1e-12, `the past moved by ${past}`);
    else assert.ok(past > 1e-6, `the past moved by ${past} only`);
    assert.ok(largest(a, b, 8 * H) > 1e-4, 'the present must move');
    model.store.dispose();
  });

for (const small of smallModels.filter((m) => m.unpadded))
  test(`${small.name} refuses padded batches`, async () => {
    const model = await buildClassifier(device, smallClassifier(small), new Streams(4));
    const row = new Array(model.config.length).fill(1);
    await assert.rejects(() => logits(model, [row, row], [row.length, row.length - 1]), /are not padded/);
    model.store.dispose();
  });

for (const small of smallModels.filter((m) => !m.unpadded))
  test(`${small.name} does not see padding or its batch`, async () => {
    const model = await buildClassifier(device, smallClassifier(small), new Streams(4));
    const L = model.config.length;
    const stream = new Stream(9, small.name);
    const rows = [0, 1, 2].map(() => Array.from({ length: L }, () => stream.integer(7)));
    const lengths = [L, 5, 9];
    const together = await logits(model, rows, lengths);
    for (const [b, n] of lengths.entries()) {
      const alone = await logits(model, [rows[b].slice(0, n)]);
      const error = largest(alone, together.subarray(3 * b, 3 * b + 3));
      assert.ok(error < 1e-11, `row ${b} of ${n} steps moved by ${error}`);
    }
    model.store.dispose();
  });
