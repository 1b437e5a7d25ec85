/** Mega's published sizes, and its dropout: inside the layer, never on what the block adds. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import type { BlockConfig } from '../networks/backbone.ts';
import { buildClassifier, type ClassifierConfig, countParameters } from '../networks/classifier.ts';

/** A layer on LRA Image: two-sided average, Laplace weights in chunks of 128, then a feed-forward block. */
const layer = (values: number, inner: number): BlockConfig[] => [
  { mixer: 'mega', config: { keys: 64, values, decays: 16, chunk: 128, weighting: 'laplace' } },
  { mixer: 'mlp', config: { inner, activation: 'silu' } },
];
const image = (width: number, layers: number, blocks: BlockConfig[]): ClassifierConfig => ({
  blocks: Array.from({ length: layers }, () => blocks).flat(),
  ...{ width, length: 1024, classes: 10, norm: 'layer', prenorm: true, dropout: 0, tiedDropout: false },
  input: { kind: 'real', dims: 1 },
  ...{ positions: false, pool: 'mean', head: { kind: 'linear' } },
});

// Sizes from state-spaces/s4, configs/experiment/mega/lra-image; the feed-forward widths, which it does not list, are
// those of the counts that its README gives: 2.73M and 299K.
test('Mega on LRA Image has the published number of parameters', async () => {
  const large = await countParameters(image(160, 8, layer(320, 320)));
  assert.equal((large / 1e6).toFixed(2), '2.73');
  const small = await countParameters(image(80, 4, layer(80, 160)));
  assert.equal((small / 1e3).toFixed(0), '299');
});

test('Mega drops out its average and its result, and the block nothing after it', async () => {
  const device = await openDevice('reference');
  const config = { ...image(8, 1, [layer(8, 8)[0]]), length: 16, dropout: 0.5 };
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
