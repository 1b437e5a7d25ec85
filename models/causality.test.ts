/** What each configuration may look at: the future, padded steps, other sequences; and where its gradients flow. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../kernels/device/registry.ts';
import { Stream, Streams } from '../kernels/tensor/random.ts';
import { Tape } from '../kernels/tensor/tape.ts';
import type { Tensor } from '../kernels/tensor/tensor.ts';
import { smallModels } from './all-cases.ts';
import { smallClassifier } from './cases.ts';
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

/** Gradients of the states with respect to real inputs (L, 3), when only the steps that `seen` names count: by step. */
async function reach(model: Classifier, seen: (l: number) => boolean): Promise<number[]> {
  const { length: L, width } = model.config;
  const stream = new Stream(6, 'inputs');
  const t = new Tape(device, { training: false });
  const x = t.tensor(stream.normals(L * 3), [1, L, 3], 'real', true);
  const weights = stream.normals(L * width).map((w, i) => (seen(Math.floor(i / width)) ? w : 0));
  t.backward(model.states(t, { x, lengths: null }), t.tensor(weights, [1, L, width]));
  const gradient = await (x.grad as Tensor).read();
  x.grad?.dispose();
  t.close();
  return Array.from({ length: L }, (_, l) => Math.hypot(...gradient.subarray(3 * l, 3 * l + 3)));
}

for (const small of smallModels)
  test(`gradients of ${small.name} flow ${small.causal || small.leak ? 'backwards only' : 'both ways'}`, async () => {
    const config = { ...smallClassifier(small), input: { kind: 'real' as const, dims: 3 } };
    const model = await buildClassifier(device, config, new Streams(4));
    const past = await reach(model, (l) => l < 8);
    const [before, after] = [past.slice(0, 8), past.slice(8)].map((list) => Math.max(...list));
    assert.ok(before > 1e-4, `steps up to the eighth must matter to themselves: ${before}`);
    if (small.causal || small.leak)
      assert.ok(after < 1e-12 * Math.max(1, before), `a gradient of ${after} comes from the past`);
    else assert.ok(after > 1e-7, `only ${after} comes from the past`);
    const [last] = (await reach(model, (l) => l === config.length - 1)).slice(-1);
    assert.ok(last > 1e-5, `the last step must matter to itself: ${last}`);
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
