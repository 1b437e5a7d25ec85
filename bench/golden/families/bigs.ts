/** Golden family `bigs`: a whole layer, with its outer norm and residual. */
import type { Device } from '../../../kernels/device/device.ts';
import { add } from '../../../kernels/ops/binary/op.ts';
import { layerNorm } from '../../../kernels/ops/layer-norm/op.ts';
import { Streams } from '../../../kernels/tensor/random.ts';
import bigs from '../../../models/mixers/bigs.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';
import { caseStore } from '../store.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...Object.fromEntries(['B', 'L', 'd_model', 'd_inner', 'N'].map((key) => [key, anything])),
    ln_eps: anything,
    gelu: ['exact', null],
    grad_of: ['y', null],
    f32_max_rel_dev: anything,
  });
  using g = new CaseGraph(c, device);
  const { t } = g;
  const x = g.operand('x');
  const [, length, width] = x.shape;
  const mixer = bigs.build(
    caseStore(g, ''),
    { width, length, layers: 1, dropout: 0, tiedDropout: false },
    { ...bigs.defaults, states: c.get('fs4.kernel.A_re').shape[0], inner: c.get('dv.weight').shape[0] },
    new Streams(0),
  );
  const eps = c.config.ln_eps ?? 1e-12;
  const z = layerNorm(t, x, g.operand('LayerNorm.weight'), g.operand('LayerNorm.bias'), { eps });
  const y = add(t, x, mixer.forward(t, z, {}));
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  // The two kernels, of one channel each: kernel_forward, kernel_backward.
  const taps = (await mixer.kernel?.(t, length).read()) ?? new Float64Array(0);
  computed.set('kernel_forward', taps.subarray(0, length));
  computed.set('kernel_backward', taps.subarray(length));
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: `${device.implementation('dss-kernel')} (dss-kernel, fft-conv)` };
}
