/** Batches of simulated recordings teach the masked regression network something, and it knows no more than it may. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Device } from '../../../kernels/device/device.ts';
import { openDevice } from '../../../kernels/device/registry.ts';
import { Streams } from '../../../kernels/tensor/random.ts';
import { Tape } from '../../../kernels/tensor/tape.ts';
import { buildMaskedRegression, type RegressionBatch } from '../../../models/networks/masked-regression.ts';
import { AdamW } from '../../../models/training/optimizer.ts';
import type { SeriesHostBatch } from '../dataset.ts';
import { openBoldSim } from './bold-sim.ts';
import { floorsOfWindows } from './measure.ts';

let folder = '';
const previous = process.env.LONGCONV_CACHE;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-train-'));
  process.env.LONGCONV_CACHE = folder;
});
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const upload = (t: Tape, { x, times, hidden, B, L }: SeriesHostBatch): RegressionBatch => ({
  x: t.tensor(x, [B, L, x.length / (B * L)]),
  times: t.tensor(times, [B, L], 'i32'),
  hidden: [...hidden],
});

test('a small network beats predicting 0 on other runs within 60 steps, and does not beat the floor', async () => {
  const device: Device = await openDevice('cpu');
  const data = await openBoldSim({ regions: 24, sources: 2, sizes: { train: 512, validation: 8, test: 160 } });
  const streams = new Streams(1);
  const model = await buildMaskedRegression(
    device,
    {
      blocks: [
        { mixer: 'long-conv', config: { lambda: 0, kernelDropout: 0 } },
        { mixer: 'mlp', config: { ratio: 2 } },
      ],
      ...{ width: 32, length: data.length, dims: data.regions, timeStamps: data.stamps },
      ...{ norm: 'layer', prenorm: true, dropout: 0, tiedDropout: false },
    },
    streams,
  );
  const optimizer = new AdamW(model.store, { lr: 5e-3, weightDecay: 0.01, beta1: 0.9, beta2: 0.98, clipNorm: 1 });
  const evaluate = async (): Promise<number> => {
    using t = new Tape(device, { grad: false });
    const all = Array.from({ length: data.sizes.test }, (_, i) => i);
    return await model.loss(t, upload(t, data.batch('test', all))).loss.item();
  };
  for (let step = 0; step < 60; step++) {
    const first = (step * 64) % 512;
    const epoch = Math.floor((step * 64) / 512);
    const batch = data.batch(
      'train',
      Array.from({ length: 64 }, (_, i) => (first + i * 7) % 512),
      epoch,
    );
    using t = new Tape(device, { streams });
    t.backward(model.loss(t, upload(t, batch)).loss, t.tensor([1], [1]));
    optimizer.step(1);
    model.store.zeroGrad();
  }
  const mae = await evaluate();
  const { x, hidden, B, L } = data.batch(
    'test',
    Array.from({ length: data.sizes.test }, (_, i) => i),
  );
  let zero = 0;
  for (let b = 0; b < B; b++)
    for (let r = 0; r < data.regions; r++) zero += Math.abs(x[(b * L + hidden[b]) * data.regions + r]);
  zero /= B * data.regions;
  const floors = floorsOfWindows(data, 'test');
  const floor = floors.reduce((a, b) => a + b, 0) / floors.length;
  assert.ok(mae < 0.9 * zero, `MAE ${mae}, predicting 0 ${zero}`);
  assert.ok(mae > floor - 0.02, `MAE ${mae}, floor ${floor}`);
  model.store.dispose();
});
