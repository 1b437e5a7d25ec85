/** Mega's dropout: inside the layer, never on what the block adds. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { buildClassifier, type ClassifierConfig } from '../networks/classifier.ts';

const config: ClassifierConfig = {
  blocks: [{ mixer: 'mega', config: { keys: 64, values: 8, decays: 16, chunk: 128, weighting: 'laplace' } }],
  ...{ width: 8, length: 16, classes: 10, norm: 'layer', prenorm: true, dropout: 0.5, tiedDropout: false },
  input: { kind: 'real', dims: 1 },
  ...{ positions: false, pool: 'mean', head: { kind: 'linear' } },
};

test('Mega drops out its average and its result, and the block nothing after it', async () => {
  const device = await openDevice('reference');
  const streams = new Streams(1);
  const model = await buildClassifier(device, config, streams);
  const t = new Tape(device, { streams });
  const x = t.tensor(
    Float64Array.from({ length: 16 }, (_, i) => Math.sin(i)),
    [1, 16, 1],
  );
  await model.states(t, { x, lengths: null }).read();
  const drops = streams.get('dropout').position;
  assert.equal(drops, (2 * 8 * 16) / 4, 'two masks of (1, 16, 8), in blocks of four numbers');
  t.close();
  model.store.dispose();
});
