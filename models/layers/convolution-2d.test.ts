/** The two passes along the axes against the two-dimensional sum written out. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { ParameterStore } from '../parameters.ts';
import { convolution2d, convolution2dDefaults, imageShape } from './convolution-2d.ts';

const [B, X, Y, H] = [2, 5, 3, 2];

for (const bidirectional of [true, false])
  test(`a separable kernel is its outer product, ${bidirectional ? 'two-sided' : 'causal'}`, async () => {
    const device = await openDevice('reference');
    const stream = new Stream(1, 'image');
    const rows = bidirectional ? 2 : 1;
    const [k1, k2, u] = [rows * H * X, rows * H * Y, B * X * Y * H].map((n) => stream.normals(n));
    const store = new ParameterStore(device);
    const size = { width: H, length: X * Y, layers: 1, dropout: 0, tiedDropout: false };
    const config = {
      ...convolution2dDefaults,
      bidirectional,
      rows: X,
      output: 'none' as const,
      activation: 'none' as const,
    };
    const view = store.at('layer');
    const layer = convolution2d(view, view, size, config, new Streams(2), [
      (t) => t.tensor(k1, [rows, H, X]),
      (t) => t.tensor(k2, [rows, H, Y]),
    ]);
    const D = await store.get('layer.D').read();
    const t = new Tape(device, { grad: false });
    const y = await layer.forward(t, t.tensor(u, [B, X * Y, H]), {}).read();
    const tap = (k: Float64Array, n: number, h: number, lag: number) =>
      lag >= 0 ? k[h * n + lag] : bidirectional ? k[(H + h) * n - lag - 1] : 0;
    for (let b = 0; b < B; b++)
      for (let i = 0; i < X; i++)
        for (let j = 0; j < Y; j++)
          for (let h = 0; h < H; h++) {
            const at = (p: number, q: number) => ((b * X + p) * Y + q) * H + h;
            let want = D[h] * u[at(i, j)];
            for (let p = 0; p < X; p++)
              for (let q = 0; q < Y; q++) want += tap(k1, X, h, i - p) * tap(k2, Y, h, j - q) * u[at(p, q)];
            assert.ok(Math.abs(y[at(i, j)] - want) < 1e-12, `pixel ${i}, ${j}: ${y[at(i, j)]}, expected ${want}`);
          }
    t.close();
    store.dispose();
  });

test('a sequence that is no image is refused with the sizes', () => {
  assert.deepEqual(imageShape(convolution2dDefaults, 1024), [32, 32]);
  assert.deepEqual(imageShape({ ...convolution2dDefaults, columns: 8 }, 24), [3, 8]);
  assert.throws(() => imageShape(convolution2dDefaults, 13), /13 steps is not an image of 4 x 4/);
  assert.throws(() => imageShape({ ...convolution2dDefaults, rows: 5 }, 13), /not an image/);
});
