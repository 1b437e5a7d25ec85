import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { attention } from '../../kernels/ops/attention/op.ts';
import { relativeError } from '../../kernels/ops/check.ts';
import { Stream, Streams } from '../../kernels/tensor/random.ts';
import { Tape } from '../../kernels/tensor/tape.ts';
import { mixerConfig } from '../mixer.ts';
import { ParameterStore } from '../parameters.ts';
import performer, { favorProjection, performerAttention } from './performer.ts';

const device = await openDevice('reference');

test('rows of the projection: norms of normal vectors, or all sqrt d; orthogonal within blocks', () => {
  const [m, d] = [640, 16];
  const norms = (w: Float64Array) =>
    Array.from({ length: m }, (_, r) => Math.hypot(...w.subarray(r * d, (r + 1) * d)) ** 2);
  for (const x of norms(favorProjection(new Stream(1, 'w'), m, d, 'equal'))) assert.ok(Math.abs(x - d) < 1e-12);
  const w = favorProjection(new Stream(1, 'w'), m, d, 'normal');
  const square = norms(w);
  // Chi-squared with d degrees of freedom: mean d, variance 2 d; five standard errors.
  const mean = square.reduce((a, b) => a + b) / m;
  const variance = square.reduce((a, b) => a + (b - mean) ** 2, 0) / m;
  assert.ok(Math.abs(mean - d) < 5 * Math.sqrt((2 * d) / m), `mean ${mean}`);
  assert.ok(Math.abs(variance - 2 * d) < 5 * Math.sqrt((8 * d * d + 48 * d) / m), `variance ${variance}`);
  const dot = (i: number, j: number) => w.subarray(i * d, (i + 1) * d).reduce((s, x, t) => s + x * w[j * d + t], 0);
  for (let i = 1; i < d; i++) assert.ok(Math.abs(dot(m - d, m - d + i)) < 1e-12);
});

test('many features come close to softmax attention, more of them closer', async () => {
  const [B, L, h, d] = [1, 24, 2, 8];
  const t = new Tape(device, { grad: false });
  const stream = new Stream(3, 'qkv');
  const [q, k, v] = [0.4, 0.4, 1].map((s) => t.tensor(stream.normals(B * L * h * d, s), [B, L, h, d]));
  const options = { kernel: 'softmax', keyMaximum: 'none', eps: 0, keyEps: 0 } as const;
  for (const causal of [false, true]) {
    const want = await attention(t, q, k, v, { causal }).o.read();
    const errors = [];
    for (const m of [64, 4096]) {
      const w = t.tensor(favorProjection(new Stream(5, 'w'), m, d, 'normal'), [m, d]);
      const got = await performerAttention(t, q, k, v, w, { ...options, causal }).o.read();
      errors.push(relativeError(got, want));
    }
    assert.ok(errors[1] < 0.05 && errors[1] < errors[0] / 4, `${errors}`);
  }
  t.close();
});

test('the projection is drawn again after `redraw` training passes, the same in a resumed run', async () => {
  const size = { width: 8, length: 10, layers: 1, dropout: 0, tiedDropout: false };
  const config = { ...performer.defaults, heads: 2, redraw: 3 };
  const build = () => {
    const store = new ParameterStore(device);
    return { store, mixer: performer.build(store.at('m'), size, config, new Streams(1)) };
  };
  const matrix = async (store: ParameterStore) =>
    Array.from(await store.get('m.fast_attention.projection_matrix').read());
  const pass = ({ mixer }: ReturnType<typeof build>, streams: Streams, training = true) => {
    using t = new Tape(device, { streams, training });
    mixer.forward(t, t.tensor(new Stream(2, 'x').normals(80), [1, 10, 8]), {});
  };
  const model = build();
  const streams = new Streams(7);
  const seen = [await matrix(model.store)];
  for (let i = 0; i < 7; i++) {
    pass(model, streams);
    pass(model, streams, false);
    seen.push(await matrix(model.store));
  }
  for (const i of [1, 2, 3, 5, 6]) assert.deepEqual(seen[i], seen[i === 5 || i === 6 ? 4 : 0]);
  assert.notDeepEqual(seen[4], seen[3]);
  assert.notDeepEqual(seen[7], seen[6]);
  const resumed = build();
  resumed.store.get('m.fast_attention.projection_matrix').write(seen[5]);
  const again = new Streams(7);
  again.restore({ 'm.fast_attention.projection_matrix passes': 5 });
  for (const i of [6, 7]) {
    pass(resumed, again);
    assert.deepEqual(await matrix(resumed.store), seen[i]);
  }
  for (const { store } of [model, resumed]) store.dispose();
  assert.throws(() => mixerConfig(performer, { redraw: 0 }), /redraw must be a whole number of at least 1, or null/);
});
