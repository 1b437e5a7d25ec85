/** Golden family `gss`: a whole layer, with its outer norm and residual. */
import type { Device } from '../../../kernels/device/device.ts';
import { add } from '../../../kernels/ops/binary/op.ts';
import { layerNorm } from '../../../kernels/ops/layer-norm/op.ts';
import { Streams } from '../../../kernels/tensor/random.ts';
import gss from '../../../models/mixers/gss.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';
import { caseStore } from '../store.ts';

export async function run(c: GoldenCase, device: Device): Promise<GoldenResult> {
  requireConfig(c, {
    ...Object.fromEntries(['B', 'L', 'd_model', 'd_gate', 'd_ssm', 'N'].map((key) => [key, anything])),
    lambda_imag_exp: [true, false, null],
    reverse_seq: [true, false, null],
    ln_eps: anything,
    gelu: ['exact', null],
    grad_of: ['y', null],
    f32_max_rel_dev: anything,
  });
  using g = new CaseGraph(c, device);
  const { t } = g;
  const x = g.operand('x');
  const [, length, width] = x.shape;
  const epsilon = c.config.ln_eps ?? 1e-5;
  const mixer = gss.build(
    caseStore(g, ''),
    { width, length, layers: 1, dropout: 0, tiedDropout: false },
    {
      ...gss.defaults,
      states: c.get('dss.Lambda_real').shape[0],
      gate: c.get('to_u.0.weight').shape[0],
      reduced: c.get('to_v.0.weight').shape[0],
      imagExp: c.config.lambda_imag_exp ?? true,
      reverse: c.config.reverse_seq ?? false,
      epsilon,
    },
    new Streams(0),
  );
  const z = layerNorm(t, x, g.operand('norm.weight'), g.operand('norm.bias'), { eps: epsilon });
  const y = add(t, x, mixer.forward(t, z, {}));
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: `${device.implementation('dss-kernel')} (dss-kernel, fft-conv)` };
}
