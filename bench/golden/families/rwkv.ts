/** Golden family `rwkv`: the WKV operator, time mix and channel mix. */
import type { Device } from '../../../kernels/device/device.ts';
import { wkv } from '../../../kernels/ops/wkv/op.ts';
import { Streams } from '../../../kernels/tensor/random.ts';
import type { Tensor } from '../../../kernels/tensor/tensor.ts';
import rwkv from '../../../models/mixers/rwkv.ts';
import channelMix from '../../../models/mixers/rwkv-channel-mix.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';
import { caseStore } from '../store.ts';

const allowed = {
  ...{ B: anything, T: anything, C: anything, k_scale: anything, layer_id: anything, n_layer: anything },
  ...{ hidden: anything, grad_of: anything, seed: anything, f32_max_rel_dev: anything },
  op: ['wkv', 'time-mix', 'channel-mix', null],
};

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, allowed);
  using g = new CaseGraph(c, device);
  const y = c.has('k') ? operator(g) : block(g);
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: device.implementation(c.has('key.weight') ? 'token-shift' : 'wkv') };
}

function operator(g: CaseGraph): Tensor {
  const [k, v] = [g.operand('k'), g.operand('v')];
  const channels = (name: string) => g.t.reshape(g.operand(name), [k.shape[2]]);
  return wkv(g.t, { k, v, decay: channels('time_decay'), first: channels('time_first') }).y;
}

function block(g: CaseGraph): Tensor {
  const x = g.operand('x');
  const [, length, width] = x.shape;
  const size = { width, length, layers: 1, dropout: 0, tiedDropout: false };
  const store = caseStore(g, '');
  const inner = g.c.get('key.weight').shape[0];
  const mixer = g.c.has('time_decay')
    ? rwkv.build(store, size, rwkv.defaults, new Streams(0))
    : channelMix.build(store, size, { ...channelMix.defaults, inner }, new Streams(0));
  return mixer.forward(g.t, x, {});
}
