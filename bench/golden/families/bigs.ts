/** Golden family `bigs`: a whole layer, with its outer norm and residual. */
import type { Device } from '../../../kernels/device/device.ts';
import { add } from '../../../kernels/ops/binary/op.ts';
import { layerNorm } from '../../../kernels/ops/layer-norm/op.ts';
import { type BigsParameters, type BigsSystem, bigsLayer, mapNames } from '../../../models/mixers/bigs.ts';
import type { GoldenCase, GoldenResult } from '../golden.ts';
import { anything, CaseGraph, requireConfig } from '../graph.ts';

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
  const system = (name: string): BigsSystem => {
    const [D, C, logStep, re, im] = ['D', 'kernel.C', 'kernel.log_step', 'kernel.A_re', 'kernel.A_im'].map((part) =>
      g.operand(`${name}.${part}`),
    );
    return { D, C, logStep, re, im };
  };
  const maps = Object.fromEntries(
    mapNames.map((name) => [name, { weight: g.operand(`${name}.weight`), bias: g.operand(`${name}.bias`) }]),
  ) as BigsParameters['maps'];
  const x = g.operand('x');
  const eps = c.config.ln_eps ?? 1e-12;
  const z = layerNorm(t, x, g.operand('LayerNorm.weight'), g.operand('LayerNorm.bias'), { eps });
  const p = { forward: system('fs4'), backward: system('bs4'), maps };
  const y = add(t, x, bigsLayer(t, z, p, 'fused', {}));
  const computed = new Map<string, ArrayLike<number>>([['y', await y.read()]]);
  for (const [name, grad] of await g.gradients(y)) computed.set(name, grad);
  return { computed, implementation: `${device.implementation('dss-kernel')} (dss-kernel, fft-conv)` };
}
