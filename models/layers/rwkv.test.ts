/** What RWKV-4 starts from, layer by layer, and the orthogonal maps. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { buildLanguageModel } from '../networks/language-model.ts';
import { orthogonal } from './orthogonal.ts';

const device = await openDevice('reference');
const close = (got: ArrayLike<number>, want: number[]) =>
  assert.ok(
    got.length === want.length && want.every((w, i) => Math.abs(got[i] - w) < 1e-12),
    `${Array.from(got)} against ${want}`,
  );

test('the ramps of three layers, each block counted among its own kind', async () => {
  const layer = [{ mixer: 'rwkv' }, { mixer: 'rwkv-channel-mix' }];
  const model = await buildLanguageModel(
    device,
    {
      blocks: [...layer, ...layer, ...layer],
      ...{ width: 4, length: 8, vocabulary: 5, positions: false, dropout: 0, tiedDropout: false },
      ...{ norm: 'layer', prenorm: true },
    },
    new Streams(1),
  );
  const x = [0, 0.25, 0.5, 0.75];
  for (const l of [0, 1, 2]) {
    const [up, down] = [l / 2, 1 - l / 3];
    const read = (name: string) => model.store.get(`mixers.${2 * l}.${name}`).read();
    close(
      await read('time_decay'),
      [0, 1 / 3, 2 / 3, 1].map((i) => -5 + 8 * i ** (0.7 + 1.3 * up)),
    );
    close(
      await read('time_first'),
      [0, 0.5, -0.5, 0].map((zigzag) => Math.log(0.3) + zigzag),
    );
    close(
      await read('time_mix_k'),
      x.map((i) => i ** down),
    );
    close(
      await read('time_mix_v'),
      x.map((i) => i ** down + 0.3 * up),
    );
    close(
      await read('time_mix_r'),
      x.map((i) => i ** (down / 2)),
    );
    close(
      await model.store.get(`mixers.${2 * l + 1}.time_mix_r`).read(),
      x.map((i) => i ** down),
    );
    close(await read('output.weight'), Array(16).fill(0));
  }
  model.store.dispose();
});

test('an orthogonal start has orthonormal columns, or rows where those are fewer', () => {
  for (const [rows, columns] of [
    [1, 1],
    [7, 7],
    [20, 5],
    [3, 11],
  ]) {
    const w = orthogonal(new Stream(2, 'orthogonal'), rows, columns, 3);
    const at = (i: number, k: number) => (rows >= columns ? w[k * columns + i] : w[i * columns + k]);
    for (let i = 0; i < Math.min(rows, columns); i++)
      for (let j = 0; j < Math.min(rows, columns); j++) {
        let dot = 0;
        for (let k = 0; k < Math.max(rows, columns); k++) dot += at(i, k) * at(j, k);
        assert.ok(Math.abs(dot - (i === j ? 9 : 0)) < 1e-12, `columns ${i} and ${j} of ${rows}x${columns}: ${dot}`);
      }
  }
});
