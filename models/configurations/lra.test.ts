/** The configurations describe networks that exist and are of the sizes that they promise. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { countParameters } from '../networks/classifier.ts';
import { speedSystems } from '../systems.ts';
import { lraClassifier } from './lra.ts';
import { type LraModel, type LraRow, lraNetwork, lraPublished, lraRow } from './lra-published.ts';
import { lraTaskShapes, lraTasks } from './lra-tasks.ts';

test('models of the speed comparison have the same width and depth and nearly the same size', async () => {
  const size = { width: 128, layers: 4, length: 1024, vocabulary: 18, classes: 10 };
  const totals = new Map<string, number>();
  for (const { id: system } of speedSystems) {
    const config = lraClassifier({ ...size, system });
    assert.equal(config.width, 128);
    assert.ok(config.blocks.length === 8 || config.blocks.length === 4);
    totals.set(system, await countParameters(config));
  }
  const transformer = totals.get('transformer') as number;
  assert.equal(totals.get('flash-transformer'), transformer);
  // What is as long as the sequence by design: Long Conv's kernels, Linformer's two projections to 256 columns.
  const explicit = new Map([
    ['long-conv', 4 * 128 * 1024],
    ['linformer', 4 * 2 * 256 * 1024],
  ]);
  for (const [system, total] of totals) {
    const ratio = (total - (explicit.get(system) ?? 0)) / transformer;
    assert.ok(ratio > 0.6 && ratio < 1.2, `${system} has ${total} parameters, the Transformer ${transformer}`);
  }
});

test('feedForward 0 leaves the convolution blocks of the papers', () => {
  const size = { width: 64, layers: 3, length: 256, dims: 1, classes: 2, feedForward: 0 };
  assert.deepEqual(
    lraClassifier({ ...size, system: 's4d' }).blocks.map((b) => b.mixer),
    ['s4d', 's4d', 's4d'],
  );
  assert.equal(lraClassifier({ ...size, system: 'transformer' }).blocks.length, 6);
});

test('sizes that make no sense are refused with a reason', () => {
  const size = { system: 's4d', width: 64, layers: 1, length: 16, classes: 2 } as const;
  assert.throws(() => lraClassifier(size), /tokens .* or real features/);
  assert.throws(() => lraClassifier({ ...size, vocabulary: 3, dims: 1 }), /one of the two/);
  assert.throws(
    () => lraClassifier({ ...size, system: 'transformer', vocabulary: 3, heads: 5 }),
    /multiple of 5 heads/,
  );
  assert.throws(() => lraClassifier({ ...size, system: 'lstm', vocabulary: 3 }), /no model "lstm"/);
});

for (const [model, rows] of Object.entries(lraPublished) as [LraModel, readonly LraRow[]][])
  test(`the published rows of ${model} are complete`, async () => {
    assert.deepEqual(rows.map((r) => r.task).toSorted(), lraTasks.toSorted());
    for (const row of rows) {
      assert.equal(row, lraRow(model, row.task));
      assert.ok(row.source.length > 10);
      assert.ok(row.schedule.steps > 0 && row.batch > 0 && row.lr > 0);
      // The benchmark's own Retrieval file does warm up for longer than it trains.
      if (row.schedule.kind === 'cosine') assert.ok(row.schedule.warmup < row.schedule.steps);
      const config = lraNetwork(row);
      assert.equal(config.length, lraTaskShapes[row.task].length);
      assert.ok((await countParameters(config)) > 1000);
    }
  });

test('SGConv has the number of pieces that its authors state', async () => {
  const stated = { listops: 12, text: 12, retrieval: 13, image: 6, pathfinder: 6, pathx: 8 };
  const { default: definition, scaleCount } = await import('../mixers/sgconv.ts');
  for (const task of lraTasks) {
    const [{ config }] = lraRow('sgconv', task).layer;
    assert.equal(scaleCount({ ...definition.defaults, ...config }, lraTaskShapes[task].length), stated[task], task);
  }
});
