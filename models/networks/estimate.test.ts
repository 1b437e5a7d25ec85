/** The dry run against what the CPU device really held. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { type LraSize, lraClassifier } from '../configurations/lra.ts';
import { speedSystems } from '../systems.ts';
import { AdamW } from '../training/optimizer.ts';
import { buildClassifier, estimateClassifier } from './classifier.ts';

const device = await openDevice('cpu');

/** Peak bytes of one inference and of one training step, over what the device held before. */
async function measure(size: LraSize, batch: number) {
  // Scratch memory of earlier work stays with the device's threads; what is live now is not this model's.
  const before = device.memory.live;
  const model = await buildClassifier(device, lraClassifier(size), new Streams(1));
  let optimizer: AdamW | null = null;
  const peak = (training: boolean) => {
    device.memory.resetPeak();
    const t = new Tape(device, { grad: training });
    const ids = Int32Array.from({ length: batch * size.length }, (_, i) => i % 18);
    const x = t.tensor(ids, [batch, size.length], 'i32');
    const { loss } = model.loss(t, { x, lengths: null, targets: t.tensor(new Int32Array(batch), [batch], 'i32') });
    if (training) {
      t.backward(loss);
      optimizer?.step();
    }
    t.close();
    model.store.zeroGrad();
    return device.memory.peak - before;
  };
  const inference = peak(false);
  optimizer = new AdamW(model.store);
  const result = { inference, training: peak(true), parameters: model.store.count };
  optimizer.dispose();
  model.store.dispose();
  return result;
}

type Size = [width: number, layers: number, length: number, batch: number];
const sizes: Size[] = [
  [64, 2, 512, 8],
  [64, 1, 2048, 4],
];
// Quadratic time: shorter sequences.
const attentionSizes: Size[] = [
  [64, 2, 256, 16],
  [64, 1, 400, 9],
];
for (const { id: system, definition } of speedSystems)
  for (const [width, layers, length, batch] of definition.complexity.sequence === 'L^2' ? attentionSizes : sizes)
    test(`${system} of ${layers} x ${width} at ${batch} x ${length} stays within its estimate`, async () => {
      const size: LraSize = { system, width, layers, length, vocabulary: 18, classes: 10 };
      const estimate = await estimateClassifier(lraClassifier(size), batch, length);
      const measured = await measure(size, batch);
      assert.equal(estimate.parameters, measured.parameters);
      for (const [what, want, got] of [
        ['training', estimate.trainingBytes, measured.training],
        ['inference', estimate.inferenceBytes, measured.inference],
      ] as const) {
        assert.ok(got <= want, `${what} took ${got} bytes, the estimate is ${want}`);
        assert.ok(want <= 2 * got, `${what} took ${got} bytes only, the estimate is ${want}`);
      }
    });

test('the unfused convolution of the baselines stays within its estimate', async () => {
  for (const [length, batch] of [
    [2048, 1],
    [1000, 8],
  ]) {
    const size: LraSize = {
      system: 's4',
      width: 64,
      layers: 2,
      length,
      vocabulary: 18,
      classes: 10,
      convolution: 'unfused',
    };
    const estimate = await estimateClassifier(lraClassifier(size), batch, length);
    const fused = await estimateClassifier(lraClassifier({ ...size, convolution: 'fused' }), batch, length);
    assert.ok(estimate.trainingBytes > fused.trainingBytes);
    const measured = await measure(size, batch);
    assert.ok(measured.training <= estimate.trainingBytes && estimate.trainingBytes <= 2 * measured.training);
    assert.ok(measured.inference <= estimate.inferenceBytes && estimate.inferenceBytes <= 2 * measured.inference);
  }
});

test('evaluation keeps no activation, and everything is given back', async () => {
  const config = lraClassifier({ system: 's4d', width: 32, layers: 8, length: 256, vocabulary: 18, classes: 3 });
  const before = device.memory.live;
  const model = await buildClassifier(device, config, new Streams(1));
  const held = device.memory.live;
  const run = (grad: boolean) => {
    const t = new Tape(device, { grad });
    device.memory.resetPeak();
    const x = t.tensor(new Int32Array(4 * 256), [4, 256], 'i32');
    const { loss } = model.loss(t, { x, lengths: null, targets: t.tensor([0, 1, 2, 0], [4], 'i32') });
    if (grad) t.backward(loss);
    const peak = device.memory.peak - held;
    t.close();
    model.store.zeroGrad();
    return peak;
  };
  run(true); // the first run also makes the kernels' scratch memory
  const scratch = device.memory.live - held;
  const activation = 4 * 4 * 256 * 32;
  const evaluation = run(false) - scratch;
  const training = run(true) - scratch;
  assert.ok(evaluation < 8 * activation, `evaluation held ${evaluation / activation} activations`);
  assert.ok(training > 30 * activation, `training held ${training / activation} activations only`);
  assert.equal(device.memory.live, held + scratch);
  model.store.dispose();
  assert.equal(device.memory.live, before + scratch);
});
